"""OCPP 1.6-J charge points with a plausible car, for demonstrations and tests."""

from .car import Car
from .charge_point import ChargePoint
from .events import Transaction
from .station import Misbehaviour

__all__ = ["Car", "ChargePoint", "Misbehaviour", "Transaction"]
