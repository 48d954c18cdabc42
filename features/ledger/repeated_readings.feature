@ledger
Feature: A reading sent twice
  To be charged once for every kilowatt-hour
  As the controller of a factory
  I want a repeated reading to change nothing

  Background:
    Given the tariff "mx-gdmth:golfo-centro" with 1,200 kW contracted
    And the plant "Tampico"

  Rule: A reading is charged once, however often it comes

    Scenario Outline: The same message comes <times> times
      Given meter "main" has measured 100 kWh at 19:00 on 2026-01-07
      When everything sent so far comes again until it has come <times> times
      Then the number of measurements of meter "main" on 2026-01-07 is 1
      And the energy of meter "main" on 2026-01-07 costs 176.75
      And nothing waits in quarantine

      Examples: A lost reply, and a bad night
        | times |
        | 2     |
        | 50    |

    Scenario: The message comes again after newer ones
      Given meter "main" has measured 100 kWh at 19:00 on 2026-01-07
      And meter "main" has measured 50 kWh at 19:05 on 2026-01-07
      When everything sent so far comes again until it has come 2 times
      Then the number of measurements of meter "main" on 2026-01-07 is 2
      And the energy of meter "main" on 2026-01-07 costs 265.125

    Scenario: The message comes again after the month was closed
      Given meter "main" has measured 100 kWh at 19:00 on 2026-01-07
      And January 2026 has been closed
      When everything sent so far comes again until it has come 2 times
      Then the energy of meter "main" on 2026-01-07 costs 176.75
      And nothing waits in quarantine

  Rule: The first word counts: another value for the same interval changes nothing

    Scenario: The meter tells another story in a new message
      Given meter "main" has measured 100 kWh at 19:00 on 2026-01-07
      When meter "main" measures 70 kWh at 19:00 on 2026-01-07
      Then the number of measurements of meter "main" on 2026-01-07 is 1
      And the energy of meter "main" on 2026-01-07 costs 176.75

    Scenario: A message repeats one interval and brings a new one
      Given meter "main" has measured 100 kWh at 19:00 on 2026-01-07
      When meter "main" shows 5,000 kWh at 19:00 on 2026-01-07, then 5,160 kWh at 19:10 on 2026-01-07
      Then meter "main" has measured 100 kWh at 19:00 on 2026-01-07, not estimated
      And meter "main" has measured 60 kWh at 19:05 on 2026-01-07, estimated
      And the energy of meter "main" on 2026-01-07 costs 282.80

    Scenario: Two meters in the same interval are not a repetition
      Given meter "main" has measured 100 kWh at 19:00 on 2026-01-07
      When meter "line 1" measures 100 kWh at 19:00 on 2026-01-07
      Then the energy of meter "main" on 2026-01-07 costs 176.75
      And the energy of meter "line 1" on 2026-01-07 costs 176.75
