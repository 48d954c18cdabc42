@ledger
Feature: What a measurement costs at once
  To see the bill grow while it can still be changed
  As the shift leader of a factory
  I want each measurement to show what it added to the month's bill

  Background:
    Given the tariff "us-pge-e20-primary-2018" with 1,200 kW contracted
    And the plant "Fresno"

  Rule: A higher demand than any before adds to the bill, a lower one adds nothing

    Scenario Outline: After a quarter of an hour at 240 kW, <kwh> kWh at 15:00 add <cost> for demand
      Given meter "main" has run at 240 kW for 15 minutes from 14:00 on 2018-07-11
      When meter "main" measures <kwh> kWh at 15:00 on 2018-07-11
      Then the charge "demand" grows by <cost> with meter "main" at 15:00 on 2018-07-11

      Examples: Well below and well above
        | kwh | cost   |
        | 30  | 0.00   |
        | 70  | 624.40 |

      Examples: On the border
        | kwh    | cost    |
        | 60.000 | 0.00    |
        | 60.001 | 0.06244 |

    Scenario: Three readings build one quarter of an hour
      Given meter "main" has measured 30 kWh at 14:00 on 2018-07-11
      And meter "main" has measured 30 kWh at 14:05 on 2018-07-11
      When meter "main" measures 10 kWh at 14:10 on 2018-07-11
      Then the charge "demand" grows by 1,873.20 with meter "main" at 14:00 on 2018-07-11
      And the charge "demand" grows by 1,873.20 with meter "main" at 14:05 on 2018-07-11
      And the charge "demand" grows by 624.40 with meter "main" at 14:10 on 2018-07-11

    Scenario: Yesterday's demand counts today, and last month's does not
      Given meter "main" has run at 240 kW for 15 minutes from 14:00 on 2018-06-30
      And meter "main" has measured 30 kWh at 14:00 on 2018-07-10
      When meter "main" measures 40 kWh at 14:00 on 2018-07-11
      Then the charge "demand" grows by 1,873.20 with meter "main" at 14:00 on 2018-07-10
      And the charge "demand" grows by 624.40 with meter "main" at 14:00 on 2018-07-11

  Rule: A fixed charge grows evenly with every measurement of the month

    Scenario: A daily charge of 49.28131 over the 8,928 measurements of July
      When meter "main" measures 0 kWh at 14:00 on 2018-07-11
      Then the charge "customer" grows by 0.171115659 with meter "main" at 14:00 on 2018-07-11
