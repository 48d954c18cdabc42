@tariffs
Feature: Dates that no rate covers
  To never trust a number that nobody published
  As the controller of a factory
  I want a measurement without a rate refused with its reason, and kept until there is one

  Rule: Without a rate no cost is invented, and the refusal names the tariff, the dates and the remedy

    Scenario Outline: 100 kWh on <day> wait for the rates of <tariff>
      Given the tariff "<tariff>" with 1,200 kW contracted
      And the plant "Tampico"
      When meter "main" measures 100 kWh at 10:00 on <day>
      Then nothing is charged to meter "main" on <day>
      And one reading waits in quarantine because "tariff <tariff> has no rates for <month>"
      And it says "price every month at known rates"

      Examples: Far from any rate
        | tariff                | day        | month                    |
        | mx-gdmth:golfo-centro | 2027-06-15 | 2027-06-01 to 2027-07-01 |

      Examples: On the border of what is covered
        | tariff                  | day        | month                    |
        | mx-gdmth:golfo-centro   | 2025-11-30 | 2025-11-01 to 2025-12-01 |
        | mx-gdmth:golfo-centro   | 2026-04-01 | 2026-04-01 to 2026-05-01 |
        | us-pge-e20-primary-2018 | 2018-08-23 | 2018-08-01 to 2018-09-01 |

    Scenario: The month that Peninsular lacks between two that it has
      Given the tariff "mx-gdmth:peninsular" with 1,200 kW contracted and 520.00 for "supplier_fixed"
      And the plant "Campeche"
      When meter "main" measures 100 kWh at 10:00 on 2025-10-15
      Then nothing is charged to meter "main" on 2025-10-15
      And one reading waits in quarantine because "has no rates for 2025-10-01 to 2025-11-01"
      And it says "it covers 2025-05-01 to 2025-10-01, 2025-11-01 to 2026-04-01"

    Scenario: The first and the last minutes of a covered month are priced
      Given the tariff "mx-gdmth:golfo-centro" with 1,200 kW contracted
      And the plant "Tampico"
      And meter "main" has measured 100 kWh at 00:00 on 2026-01-01
      When meter "main" measures 100 kWh at 23:55 on 2026-01-31
      Then the energy of meter "main" on 2026-01-01 costs 80.66
      And the energy of meter "main" on 2026-01-31 costs 149.86

    Scenario: A gap over the end of the covered month is priced as far as there are rates
      Given the tariff "mx-gdmth:golfo-centro" with 1,200 kW contracted
      And the plant "Tampico"
      When meter "main" shows 5,000 kWh at 23:50 on 2026-03-31, then 5,040 kWh at 00:10 on 2026-04-01
      Then the energy of meter "main" on 2026-03-31 costs 30.008
      And nothing is charged to meter "main" on 2026-04-01
      And one reading waits in quarantine because "has no rates for 2026-04-01"

  Rule: A charge whose rate nobody states is refused, not left out

    Scenario: The price of excess power of small meters in high voltage is not published alike
      Given the tariff "es-6.1td-types-4-5" with 1,200 kW contracted
      And the plant "Zaragoza"
      When meter "main" measures 100 kWh at 10:00 on 2025-12-10
      Then nothing is charged to meter "main" on 2025-12-10
      And one reading waits in quarantine because "tariff es-6.1td-types-4-5 has no rate for excess.P1"
      And it says "give it with"
