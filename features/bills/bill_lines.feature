@bills
Feature: Lines that add up to the bill
  To check the utility's bill line by line
  As the accountant of a factory
  I want each line with its quantity and rate, rounded to the cent, and their sum as the total

  Rule: Each line is rounded to the cent, half a cent up, and the bill is the sum of its lines

    Scenario: The published bill of December 2018
      Given the tariff "mx-gdmth:2018" with 200 kW contracted
      And these figures of December 2018:
        | period       | kWh    | highest kW |
        | base         | 21,721 | 151        |
        | intermediate | 41,881 | 196        |
        | peak         | 1,533  | 32         |
      And 12,019 kVArh of reactive energy
      When the bill is made
      Then the bill has these lines, which come to 141,982.81:
        | line                                         | amount    |
        | Basic supplier, fixed                        | 428.56    |
        | Distribution                                 | 21,419.86 |
        | Transmission                                 | 10,323.90 |
        | System operator (CENACE)                     | 592.73    |
        | Energy, base                                 | 16,355.91 |
        | Energy, intermediate                         | 62,021.57 |
        | Energy, peak                                 | 2,596.14  |
        | Capacity                                     | 10,934.08 |
        | Related services outside the market (SCnMEM) | 351.73    |
        | Power factor                                 | -2,625.51 |
        | VAT                                          | 19,583.84 |
      And the line "Power factor" explains "125,024.48 x -2.1 %"

    Scenario Outline: <kwh> kWh at 0.7530 are <amount>
      Given the tariff "mx-gdmth:2018" with 200 kW contracted
      And these figures of December 2018:
        | period | kWh   | highest kW |
        | base   | <kwh> | 1          |
      And 0 kVArh of reactive energy
      When the bill is made
      Then the line "Energy, base" amounts to <amount>

      Examples: On the border of half a cent
        | kwh     | amount |
        | 100.000 | 75.30  |
        | 100.006 | 75.30  |
        | 100.007 | 75.31  |
        | 15.000  | 11.30  |
        | 25.000  | 18.83  |
        | 35.000  | 26.36  |

  Rule: A day of 23 hours does not make the month shorter

    Scenario: Contracted power of March 2025 in Spain is billed for 31 days of 365
      Given the tariff "es-6.1td" with 500 kW contracted
      And these figures of March 2025:
        | period | kWh    | highest kW |
        | P6     | 10,000 | 100        |
      And 0 kVArh of reactive energy
      When the bill is made
      Then the line "Power, tolls and charges, P1" amounts to 1,222.67
      And the line "Energy, tolls and charges, P6" amounts to 14.43
