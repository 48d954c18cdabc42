@ledger
Feature: A reading that comes late
  To trust yesterday's costs although the line was down
  As the production planner of a factory
  I want a late reading charged as if it had come in time

  Background:
    Given the tariff "mx-gdmth:golfo-centro" with 1,200 kW contracted
    And the plant "Tampico"

  Rule: A late reading is charged in its own period of its own day, whatever came before it

    Scenario: A reading of the morning comes after those of the evening
      Given meter "main" has measured 50 kWh at 18:00 on 2026-01-07
      And meter "main" has measured 50 kWh at 18:05 on 2026-01-07
      When the late measurement of meter "main", 100 kWh at 10:00 on 2026-01-07, arrives
      Then the energy of meter "main" at 10:00 on 2026-01-07 costs 149.86 in period "intermediate"
      And the energy of meter "main" on 2026-01-07 costs 326.61

    Scenario Outline: 100 kWh of <at> on <day> come after readings of the next day
      Given meter "main" has measured 50 kWh at 00:00 on 2026-01-08
      And meter "main" has measured 50 kWh at 10:00 on 2026-01-08
      When the late measurement of meter "main", 100 kWh at <at> on <day>, arrives
      Then the energy of meter "main" at <at> on <day> costs <cost> in period "<period>"
      And the energy of meter "main" on 2026-01-07 costs <seventh>
      And the energy of meter "main" on 2026-01-08 costs <eighth>

      Examples: On the border between two periods or two days
        | day        | at    | period       | cost   | seventh | eighth |
        | 2026-01-07 | 21:55 | peak         | 176.75 | 176.75  | 115.26 |
        | 2026-01-07 | 22:00 | intermediate | 149.86 | 149.86  | 115.26 |
        | 2026-01-07 | 23:55 | intermediate | 149.86 | 149.86  | 115.26 |
        | 2026-01-08 | 00:05 | base         | 80.66  | 0.00    | 195.92 |

  Rule: In the end the order of arrival makes no difference to the bill

    Scenario: The peak of 14 January comes first
      Given meter "main" has run at 500 kW for 15 minutes from 18:30 on 2026-01-14
      And everything else in January 2026 runs at 300 kW
      When January 2026 is closed
      Then the line "Capacity" bills 500 kW at 392.20, which is 196,100.00
      And the bill comes to 676,904.74
      And live cost and true-up add up to the bill

    Scenario: The peak of 14 January comes last
      Given January 2026 runs at 300 kW but for 15 minutes from 18:30 on 2026-01-14
      And meter "main" has run at 500 kW for 15 minutes from 18:30 on 2026-01-14
      When January 2026 is closed
      Then the line "Capacity" bills 500 kW at 392.20, which is 196,100.00
      And the bill comes to 676,904.74
      And live cost and true-up add up to the bill
