@edge
Feature: The device loses power
  To find the device where it was before the lights went out
  As the maintenance manager of a factory
  I want the device to go on from what it had stored

  Background:
    Given the tariff "mx-gdmth:golfo-centro" with 1,200 kW contracted
    And the plant "Tampico"
    And its device reads meter "main" every five minutes at a steady 360 kW

  Rule: The meter counts on while the device is dark, so its energy is known and only its times are estimated

    Scenario: No power for 35 minutes
      Given the device has no power from 10:00 to 10:35
      When the device works from 00:00 on 2026-01-07 to 12:00 on 2026-01-07
      Then meter "main" has measured 30 kWh at 09:50 on 2026-01-07, not estimated
      And meter "main" has measured 30 kWh at 09:55 on 2026-01-07, estimated
      And meter "main" has measured 30 kWh at 10:30 on 2026-01-07, estimated
      And meter "main" has measured 30 kWh at 10:35 on 2026-01-07, not estimated

    Scenario: The forenoon costs what it would have cost
      Given the device has no power from 10:00 to 10:35
      When the device works from 00:00 on 2026-01-07 to 12:00 on 2026-01-07
      Then the number of measurements of meter "main" on 2026-01-07 is 144
      And the energy of meter "main" on 2026-01-07 costs 4,979.232

  Rule: A reading is stored before it is sent, so a power cut in between loses nothing

    Scenario: The power fails just after a poll was stored
      Given the device loses power just after it stored the poll of 10:00
      When the device works from 00:00 on 2026-01-07 to 12:00 on 2026-01-07
      Then the cloud knows all 144 readings, none lost and none charged twice
      And meter "main" has measured 30 kWh at 09:55 on 2026-01-07, not estimated

    Scenario: The power fails while the line is down
      Given the line is down from 03:00 to 09:00
      And the device loses power just after it stored the poll of 06:00
      When the device works from 00:00 on 2026-01-07 to 12:00 on 2026-01-07
      Then at most 72 polls waited on the device, and now 0 wait
      And the cloud knows all 144 readings, none lost and none charged twice
      And the energy of meter "main" on 2026-01-07 costs 4,979.232
