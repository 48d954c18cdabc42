@bills
Feature: Bonus and penalty for the power factor
  To see what better capacitors would pay back
  As the maintenance manager of a factory
  I want the power factor, its threshold and its price on the bill

  Rule: Above the threshold a quarter of the distance is taken off, below it three fifths are added

    Scenario Outline: <kvarh> kVArh beside 65,135 kWh: power factor <factor> %, <percent> %
      Given the tariff "mx-gdmth:2018" with 200 kW contracted
      And these figures of December 2018:
        | period       | kWh    | highest kW |
        | base         | 21,721 | 151        |
        | intermediate | 41,881 | 196        |
        | peak         | 1,533  | 32         |
      And <kvarh> kVArh of reactive energy
      When the bill is made
      Then the line "Power factor" amounts to <amount>
      And the line "Power factor" explains "power factor <factor> %, threshold 90 %: 125,024.48 x <percent> %"

      Examples: A bonus and a penalty
        | kvarh  | factor | percent | amount    |
        | 12,019 | 98.34  | -2.1    | -2,625.51 |
        | 48,851 | 80.00  | 7.5     | 9,376.84  |
        | 86,847 | 60.00  | 30.0    | 37,507.34 |

      Examples: On the border of the threshold, where the percent rounds to nothing
        | kvarh  | factor | percent | amount |
        | 31,213 | 90.18  | 0.0     | 0.00   |
        | 31,545 | 90.00  | 0.0     | 0.00   |
        | 31,595 | 89.97  | 0.0     | 0.00   |
        | 31,700 | 89.92  | 0.1     | 125.02 |

      Examples: On the border of the largest bonus and of the largest penalty
        | kvarh   | factor | percent | amount     |
        | 0       | 100.00 | -2.5    | -3,125.61  |
        | 200,000 | 30.97  | 114.4   | 143,028.01 |
        | 207,116 | 30.00  | 120.0   | 150,029.38 |
        | 700,000 | 9.26   | 120.0   | 150,029.38 |

  Rule: From January 2024 a contract of 1,000 kW or more must reach 95 %, all others 90 %

    Scenario Outline: <contracted> kW contracted in <month>: threshold <threshold> %, so <amount>
      Given the rates of "mx-gdmth:2018" held for ever, with <contracted> kW contracted
      And these figures of <month>:
        | period       | kWh    | highest kW |
        | base         | 21,721 | 151        |
        | intermediate | 41,881 | 196        |
        | peak         | 1,533  | 32         |
      And 21,409 kVArh of reactive energy
      When the bill is made
      Then the line "Power factor" explains "power factor 95.00 %, threshold <threshold> %"
      And the line "Power factor" amounts to <amount>

      Examples: Years before and after
        | month         | contracted | threshold | amount    |
        | December 2018 | 1,500      | 90        | -1,625.32 |
        | January 2026  | 1,500      | 95        | 0.00      |
        | January 2026  | 200        | 90        | -1,625.32 |

      Examples: On the border of the date and of the size
        | month         | contracted | threshold | amount    |
        | December 2023 | 1,000      | 90        | -1,625.32 |
        | January 2024  | 1,000      | 95        | 0.00      |
        | January 2024  | 999        | 90        | -1,625.32 |

  Rule: What cannot be known is refused, not guessed

    Scenario: Nobody measured the reactive energy
      Given the tariff "mx-gdmth:2018" with 200 kW contracted
      And these figures of December 2018:
        | period       | kWh    | highest kW |
        | intermediate | 41,881 | 196        |
      When someone tries to make the bill
      Then it is refused because "there is no reactive energy in 2018-12"

    Scenario: Nobody said how much power is contracted
      Given the tariff "mx-gdmth:golfo-centro"
      And these figures of January 2026:
        | period       | kWh    | highest kW |
        | intermediate | 41,881 | 196        |
      And 12,019 kVArh of reactive energy
      When someone tries to make the bill
      Then it is refused because "Power factor needs the contracted power of period 'all', which was not given"

    Scenario: A month without energy has no power factor
      Given the tariff "mx-gdmth:2018" with 200 kW contracted
      And these figures of December 2018:
        | period       | kWh | highest kW |
        | intermediate | 0   | 0          |
      And 40 kVArh of reactive energy
      When the bill is made
      Then the bill has these lines, which come to 497.13:
        | line                                         | amount |
        | Basic supplier, fixed                        | 428.56 |
        | Distribution                                 | 0.00   |
        | Transmission                                 | 0.00   |
        | System operator (CENACE)                     | 0.00   |
        | Energy, base                                 | 0.00   |
        | Energy, intermediate                         | 0.00   |
        | Energy, peak                                 | 0.00   |
        | Capacity                                     | 0.00   |
        | Related services outside the market (SCnMEM) | 0.00   |
        | VAT                                          | 68.57  |
