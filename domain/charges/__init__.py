"""The charges a tariff is made of: each turns a month's determinants into bill lines, and tells the bill to date.

A charge is a frozen value; its numbers come from the rates in force. `lines` is its bill, each with its exact gross;
`accrued_nano` is the bill to date, one integer of nano-currency per line, from which a measurement's live cost is a
difference. Both read the same determinants, so they cannot drift apart. What cannot be known before the month ends
(power factor, taxes, rounding) accrues nothing and arrives with the close.
"""

from domain.charges.adjusted import AdjustedEnergy
from domain.charges.charge import Charge
from domain.charges.credit import EnergyCredit
from domain.charges.demand import CapAlone, KwRounding, MaximumDemand
from domain.charges.energy import EnergyByPeriod, EnergyFlat
from domain.charges.excess import Band, ExcessPower, ExcessRule
from domain.charges.export import ExportCredit, NetMetering
from domain.charges.fixed import ContractedPower, Fixed, MinimumBill
from domain.charges.indexed import IndexedPrice
from domain.charges.look_back import LookBack, Ratchet
from domain.charges.percentage import Percentage
from domain.charges.power_factor import PowerFactorAdjustment, PowerFactorSteps, Slopes, Threshold
from domain.charges.reactive import ReactiveEnergy, ReactiveStep
from domain.charges.reactive_excess import PowerFactorDemand, PowerFactorEnergy
from domain.charges.tiers import TieredEnergy, TierScope, TierUnit
from domain.charges.total_rounding import TotalRounding
from domain.charges.unused import UnusedPower
from domain.price_series import PriceSeries

__all__ = [
    "AdjustedEnergy",
    "Band",
    "CapAlone",
    "Charge",
    "ContractedPower",
    "EnergyByPeriod",
    "EnergyCredit",
    "EnergyFlat",
    "ExcessPower",
    "ExcessRule",
    "ExportCredit",
    "Fixed",
    "IndexedPrice",
    "KwRounding",
    "LookBack",
    "MaximumDemand",
    "MinimumBill",
    "NetMetering",
    "Percentage",
    "PowerFactorAdjustment",
    "PowerFactorDemand",
    "PowerFactorEnergy",
    "PowerFactorSteps",
    "PriceSeries",
    "Ratchet",
    "ReactiveEnergy",
    "ReactiveStep",
    "Slopes",
    "Threshold",
    "TierScope",
    "TierUnit",
    "TieredEnergy",
    "TotalRounding",
    "UnusedPower",
]
