"""Meters over Modbus TCP, RTU on a serial port, and RTU through a TCP converter.

`meters` is the way in; `line` asks one question, `polling` asks one meter, `planning` says what is asked together,
`decoding` makes values of registers, `examining` judges them.
"""

from adapters.modbus.line import LineFault, ModbusLine, SerialPlace, TcpPlace
from adapters.modbus.meters import Bus, ModbusMeters, open_bus
from adapters.modbus.polling import MeterOnLine

__all__ = ["Bus", "LineFault", "MeterOnLine", "ModbusLine", "ModbusMeters", "SerialPlace", "TcpPlace", "open_bus"]
