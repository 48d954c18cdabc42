@tariffs
Feature: Rates that change with the month
  To compare one month with the next
  As the controller of a factory
  I want each measurement to keep the price of the month in which it was measured

  Background:
    Given the tariff "mx-gdmth:peninsular" with 1,200 kW contracted and 520.00 for "supplier_fixed"
    And the plant "Campeche"

  Rule: A month's rates hold from its first minute to its last

    Scenario Outline: 100 kWh at <at> on <day> cost <cost>
      When meter "main" measures 100 kWh at <at> on <day>
      Then the energy of meter "main" at <at> on <day> costs <cost> in period "<period>"

      Examples: The same hour in three months
        | day        | at    | period       | cost   |
        | 2025-12-10 | 10:00 | intermediate | 192.79 |
        | 2026-01-14 | 10:00 | intermediate | 188.45 |
        | 2026-02-11 | 10:00 | intermediate | 188.56 |

      Examples: On the border between two months
        | day        | at    | period       | cost   |
        | 2025-11-30 | 17:55 | base         | 112.03 |
        | 2025-12-01 | 05:55 | base         | 106.43 |
        | 2025-12-31 | 05:55 | base         | 106.43 |
        | 2025-12-31 | 23:55 | intermediate | 192.79 |
        | 2026-01-01 | 00:00 | base         | 104.04 |
        | 2026-01-31 | 23:55 | intermediate | 188.45 |
        | 2026-02-01 | 00:00 | base         | 104.10 |

  Rule: December keeps December's price, whatever January brings

    Scenario: A measurement of December arrives after those of January
      Given meter "main" has measured 100 kWh at 00:00 on 2026-01-01
      When the late measurement of meter "main", 100 kWh at 23:55 on 2025-12-31, arrives
      Then the energy of meter "main" on 2025-12-31 costs 192.79
      And the energy of meter "main" on 2026-01-01 costs 104.04

    Scenario: A measurement of December is corrected after January has begun
      Given meter "main" has measured 100 kWh at 23:55 on 2025-12-31
      And meter "main" has measured 100 kWh at 00:00 on 2026-01-01
      When "Ana Ruiz" corrects meter "main" at 23:55 on 2025-12-31 to 50 kWh because "display read twice"
      Then the energy of meter "main" on 2025-12-31 costs 96.395
      And the energy of meter "main" on 2026-01-01 costs 104.04
