@bills
Feature: The highest demand of the month
  To know which quarter of an hour set the power charges
  As the maintenance manager of a factory
  I want the bill to name the highest demand, in kW, and when it was

  Background:
    Given the tariff "mx-gdmth:golfo-centro" with 1,200 kW contracted
    And the plant "Tampico"

  Rule: Demand is the mean of a quarter of an hour, never a single reading

    Scenario: Five minutes at 720 kW after a steady 300 kW
      Given meter "main" has measured 60.0 kWh at 18:35 on 2026-01-14
      And everything else in January 2026 runs at 300 kW
      When January 2026 is closed
      Then the line "Capacity" bills 440 kW at 392.20, which is 172,568.00
      And the line "Capacity" says the peak began at 18:30 on 2026-01-14

    Scenario Outline: 50 kWh in five minutes from <first> and from <second> make <kw> kW
      Given meter "main" has measured 50.0 kWh at <first> on 2026-01-14
      And meter "main" has measured 50.0 kWh at <second> on 2026-01-14
      And everything else in January 2026 runs at 300 kW
      When January 2026 is closed
      Then the line "Capacity" bills <kw> kW at 392.20, which is <cost>
      And the line "Capacity" says the peak began at <began> on 2026-01-14

      Examples: Inside one quarter of an hour
        | first | second | kw  | cost       | began |
        | 18:30 | 18:35  | 500 | 196,100.00 | 18:30 |
        | 18:30 | 18:40  | 500 | 196,100.00 | 18:30 |

      Examples: On the border between two quarters of an hour, where the earlier one is named
        | first | second | kw  | cost       | began |
        | 18:40 | 18:45  | 400 | 156,880.00 | 18:30 |
        | 18:55 | 19:00  | 400 | 156,880.00 | 18:45 |

  Rule: Capacity looks at the peak period only, distribution at the whole month

    Scenario Outline: 500 kW from <at> on <day>: capacity for <capacity> kW, distribution for <distribution>
      Given meter "main" has run at 500 kW for 15 minutes from <at> on <day>
      And everything else in January 2026 runs at 300 kW
      When January 2026 is closed
      Then the line "Capacity" bills <capacity> kW at 392.20, which is <capacity cost>
      And the line "Distribution" bills <distribution> kW at 124.41, which is <distribution cost>
      And the line "Distribution" says the peak began at <at> on <day>

      Examples: Inside a period
        | day        | at    | capacity | capacity cost | distribution | distribution cost |
        | 2026-01-14 | 12:00 | 300      | 117,660.00    | 500          | 62,205.00         |
        | 2026-01-14 | 20:00 | 500      | 196,100.00    | 500          | 62,205.00         |

      Examples: On the border of the peak period
        | day        | at    | capacity | capacity cost | distribution | distribution cost |
        | 2026-01-14 | 17:45 | 300      | 117,660.00    | 500          | 62,205.00         |
        | 2026-01-14 | 18:00 | 500      | 196,100.00    | 500          | 62,205.00         |
        | 2026-01-14 | 21:45 | 500      | 196,100.00    | 500          | 62,205.00         |
        | 2026-01-14 | 22:00 | 300      | 117,660.00    | 500          | 62,205.00         |
        | 2026-01-17 | 18:45 | 300      | 117,660.00    | 500          | 62,205.00         |
        | 2026-01-17 | 19:00 | 500      | 196,100.00    | 500          | 62,205.00         |
        | 2026-01-31 | 23:45 | 300      | 117,660.00    | 500          | 62,205.00         |

  Rule: A part of a kW is billed as a whole one in Mexico, and as it is in California

    Scenario Outline: <kwh> kWh in five minutes after a steady 300 kW make <kw> kW
      Given meter "main" has measured <kwh> kWh at 18:30 on 2026-01-14
      And everything else in January 2026 runs at 300 kW
      When January 2026 is closed
      Then the line "Capacity" bills <kw> kW at 392.20, which is <cost>

      Examples: Between two whole kW
        | kwh    | kw  | cost       |
        | 50.100 | 401 | 157,272.20 |

      Examples: On the border between two whole kW
        | kwh    | kw  | cost       |
        | 49.999 | 400 | 156,880.00 |
        | 50.000 | 400 | 156,880.00 |
        | 50.001 | 401 | 157,272.20 |
        | 50.250 | 401 | 157,272.20 |
        | 50.251 | 402 | 157,664.40 |

    Scenario: The same demand on a tariff that does not round
      Given the tariff "us-pge-e20-primary-2018" with 1,200 kW contracted
      And the plant "Fresno"
      And meter "main" has measured 50.100 kWh at 14:00 on 2018-07-11
      And everything else in July 2018 runs at 300 kW
      When July 2018 is closed
      Then the line "Maximum demand, any time" bills 400.4 kW at 15.61, which is 6,250.24
