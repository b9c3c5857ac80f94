"""The integrity card's place in the house (廉心卡, T1)."""

from django.apps import AppConfig


class CardsConfig(AppConfig):
    name = "qinqing.cards"
    verbose_name = "廉心卡"
