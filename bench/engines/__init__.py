"""Engines that run in the product's environment: the kernel itself and the bare commit it is compared with."""
