@ledger
Feature: Meters that are replaced, or come later
  To pay for every kilowatt-hour when a meter is replaced, and for none that was never ours
  As the energy manager of a factory
  I want the last count of the old meter and the first of the new one to be used

  Background:
    Given the tariff "mx-gdmth:golfo-centro" with 1,200 kW contracted
    And the plant "Tampico"

  Rule: Across a replacement the energy is that of both meters

    Scenario: Between two polls
      Given meter "main" was replaced at 10:02 on 2026-01-07, the old one at 5,040 kWh, the new one at 3 kWh
      When meter "main" shows 5,000 kWh at 10:00 on 2026-01-07, then 63 kWh at 10:05 on 2026-01-07
      Then meter "main" has measured 100 kWh at 10:00 on 2026-01-07, not estimated
      And the energy of meter "main" on 2026-01-07 costs 149.86

    Scenario: During an outage its times are estimated, its energy is not
      Given meter "main" was replaced at 10:02 on 2026-01-07, the old one at 5,040 kWh, the new one at 3 kWh
      When meter "main" shows 5,000 kWh at 10:00 on 2026-01-07, then 63 kWh at 10:10 on 2026-01-07
      Then meter "main" has measured 50 kWh at 10:00 on 2026-01-07, estimated
      And meter "main" has measured 50 kWh at 10:05 on 2026-01-07, estimated
      And the energy of meter "main" on 2026-01-07 costs 149.86

    Scenario: Nobody wrote the counts down
      When meter "main" shows 5,000 kWh at 10:00 on 2026-01-07, then 63 kWh at 10:05 on 2026-01-07
      Then nothing is charged to meter "main" on 2026-01-07
      And the ledger shows a gap of meter "main" from 10:00 to 10:05 on 2026-01-07, a "reset"

  Rule: What a meter showed before it counted here waits in quarantine

    Scenario Outline: Meter "main" counts since 10:05, and <kwh> kWh come at <at>
      Given meter "main" counts since 10:05 on 2026-01-07
      When meter "main" measures <kwh> kWh at <at> on 2026-01-07
      Then the number of measurements of meter "main" on 2026-01-07 is <count>

      Examples: On the border
        | at    | kwh | count |
        | 10:00 | 100 | 0     |
        | 10:05 | 100 | 1     |

    Scenario: It says why
      Given meter "main" counts since 10:05 on 2026-01-07
      When meter "main" measures 100 kWh at 10:00 on 2026-01-07
      Then one reading waits in quarantine because "counts at Tampico since"
      And it says "register it earlier, then replay its readings"

  Rule: An impossible rise is a gap, and its readings are kept for whoever finds out

    Scenario: A flipped digit
      When meter "main" shows 523,100 kWh at 10:00 on 2026-01-07, then 623,110 kWh at 10:05 on 2026-01-07
      Then the ledger shows a gap of meter "main" from 10:00 to 10:05 on 2026-01-07, a "jump"
      And one reading waits in quarantine because "it rose by more than it can carry"
