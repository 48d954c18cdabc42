@ledger
Feature: A month that is closed
  To rely on a bill once it is made
  As the accountant of a factory
  I want a closed month to change by a correction of the month only, never in silence

  Background:
    Given the tariff "mx-gdmth:golfo-centro" with 1,200 kW contracted
    And the plant "Tampico"

  Rule: What the measurements cost live and what closing adds make the bill, line by line

    Scenario: A month with one measurement of 100 kWh
      Given meter "main" has measured 100 kWh at 10:00 on 2026-01-07
      When January 2026 is closed
      Then the bill comes to 864.97
      And its measurements had cost 293.78171931 live, and closing added 571.18828069
      And live cost and true-up add up to the bill

    Scenario: A full month with a peak, a correction and another meter
      Given meter "main" has run at 500 kW for 15 minutes from 20:00 on 2026-01-14
      And meter "line 1" has measured 20 kWh at 20:00 on 2026-01-14
      And everything else in January 2026 runs at 300 kW
      And "Ana Ruiz" has corrected meter "main" at 10:00 on 2026-01-07 to 5 kWh because "counted twice"
      When January 2026 is closed
      Then live cost and true-up add up to the bill

  Rule: A closed month refuses late readings, and keeps them

    Scenario Outline: 100 kWh at <at> on <day> come after January was closed
      Given meter "main" has measured 100 kWh at 10:00 on 2026-01-07
      And January 2026 has been closed
      When the late measurement of meter "main", 100 kWh at <at> on <day>, arrives
      Then the number of measurements of meter "main" on <day> is <count>
      And one reading waits in quarantine because "<reason>"
      And it says "needs a correction of <remedy>"

      Examples: On a day with readings, and on the border of the month on days without
        | day        | at    | count | reason                                       | remedy           |
        | 2026-01-07 | 10:05 | 1     | Tampico 2026-01-07 belongs to a closed month | that month       |
        | 2026-01-01 | 00:00 | 0     | Tampico 2026-01 is closed with 864.97 MXN    | the closed month |
        | 2026-01-31 | 23:55 | 0     | Tampico 2026-01 is closed with 864.97 MXN    | the closed month |

    Scenario: A gap is told after January was closed
      Given meter "main" has measured 100 kWh at 10:00 on 2026-01-07
      And January 2026 has been closed
      When meter "main" shows 523,100 kWh at 11:00 on 2026-01-07, then 0 kWh at 11:05 on 2026-01-07
      Then one reading waits in quarantine because "Tampico 2026-01-07 belongs to a closed month"

    Scenario: Someone tries to correct a measurement of a closed month
      Given meter "main" has measured 100 kWh at 10:00 on 2026-01-07
      And January 2026 has been closed
      When "Ana Ruiz" tries to correct meter "main" at 10:00 on 2026-01-07 to 60 kWh because "counted twice"
      Then it is refused because "Tampico 2026-01-07 belongs to a closed month"
      And the energy of meter "main" on 2026-01-07 costs 149.86

  Rule: A month is closed once

    Scenario: Someone tries to close January again
      Given meter "main" has measured 100 kWh at 10:00 on 2026-01-07
      And January 2026 has been closed
      When someone tries to close January 2026
      Then it is refused because "Tampico 2026-01 is closed with 864.97 MXN"

  Rule: Closing one month leaves the next one open

    Scenario: The first measurement of January after December was closed
      Given the tariff "mx-gdmth:peninsular" with 1,200 kW contracted and 520.00 for "supplier_fixed"
      And the plant "Campeche"
      And meter "main" has measured 100 kWh at 23:55 on 2025-12-31
      And December 2025 has been closed
      When meter "main" measures 100 kWh at 00:00 on 2026-01-01
      Then the energy of meter "main" on 2026-01-01 costs 104.04
