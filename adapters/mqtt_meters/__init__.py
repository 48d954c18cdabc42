"""Meters that push over MQTT, behind the same port as those that are asked.

`subscriber` is the way in and holds the connection; `inbox` keeps each meter's newest values and judges their age;
`payload` makes values of one message.
"""

from adapters.mqtt_meters.inbox import PushingMeter
from adapters.mqtt_meters.subscriber import Broker, MqttMeters

__all__ = ["Broker", "MqttMeters", "PushingMeter"]
