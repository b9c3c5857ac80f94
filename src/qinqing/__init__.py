"""亲清 Qinqing: software with which a county runs its business environment."""

__version__ = "0.1.0"
