@edge
Feature: The line to the cloud is down
  To be billed correctly although the factory is far from everything
  As the energy manager of a factory
  I want the device to keep every reading until the cloud has it

  Background:
    Given the tariff "mx-gdmth:golfo-centro" with 1,200 kW contracted
    And the plant "Tampico"
    And its device reads meter "main" every five minutes at a steady 360 kW

  Rule: Six hours without a line lose nothing, and every reading is charged once, in its own period

    Scenario: The line is down from three to nine in the morning
      Given the line is down from 03:00 to 09:00
      When the device works from 00:00 on 2026-01-07 to 12:00 on 2026-01-07
      Then at most 72 polls waited on the device, and now 0 wait
      And the cloud knows all 144 readings, none lost and none charged twice
      And meter "main" has measured 30 kWh at 05:55 on 2026-01-07, not estimated
      And the energy of meter "main" on 2026-01-07 costs 4,979.232

    Scenario: A day without trouble costs the same
      When the device works from 00:00 on 2026-01-07 to 12:00 on 2026-01-07
      Then at most 0 polls waited on the device, and now 0 wait
      And the cloud knows all 144 readings, none lost and none charged twice
      And the energy of meter "main" on 2026-01-07 costs 4,979.232

  Rule: While the line is down the cloud knows what came before, and the device keeps the rest

    Scenario: The line is still down
      Given the line is down from 03:00 to 15:00
      When the device works from 00:00 on 2026-01-07 to 12:00 on 2026-01-07
      Then at most 109 polls waited on the device, and now 109 wait
      And the number of measurements of meter "main" on 2026-01-07 is 35

    Scenario: The outage passes midnight, and each day gets its own
      Given the line is down from 21:00 to 03:00
      When the device works from 20:00 on 2026-01-07 to 04:00 on 2026-01-08
      Then at most 72 polls waited on the device, and now 0 wait
      And the cloud knows all 96 readings, none lost and none charged twice
      And the energy of meter "main" on 2026-01-07 costs 2,351.592
      And the energy of meter "main" on 2026-01-08 costs 1,161.504

  Rule: When only the reply is lost, the device sends again, and nothing is charged twice

    Scenario: Every reply is lost for an hour
      Given every reply of the cloud is lost from 03:00 to 04:00
      When the device works from 00:00 on 2026-01-07 to 12:00 on 2026-01-07
      Then at most 12 polls waited on the device, and now 0 wait
      And the cloud knows all 144 readings, none lost and none charged twice
      And the energy of meter "main" on 2026-01-07 costs 4,979.232
