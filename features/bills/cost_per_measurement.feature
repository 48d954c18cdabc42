@bills
Feature: What each measurement cost
  To charge each shift with what it caused
  As the controller of a factory
  I want the whole bill shared among the measurements of its month, to the last cent

  Background:
    Given the tariff "mx-gdmth:golfo-centro" with 1,200 kW contracted
    And the plant "Tampico"

  Rule: The costs of all measurements add up to the bill, charge by charge

    Scenario: A steady month with one quarter of an hour at 500.4 kW
      Given meter "main" has measured 75.1 kWh at 18:35 on 2026-01-14
      And everything else in January 2026 runs at 300 kW
      When the bill of January 2026 is shared among its measurements
      Then it comes to 677,496.42, and the shares of its 8,928 intervals add up to it, charge by charge

    Scenario: A month with one measurement
      Given meter "main" has measured 100 kWh at 10:00 on 2026-01-07
      When the bill of January 2026 is shared among its measurements
      Then it comes to 864.97, and the shares of its 8,928 intervals add up to it, charge by charge

  Rule: Whoever made the peak pays for it, unless the cap binds

    Scenario Outline: One peak on a steady <kw> kW carries <share> of the charge for capacity
      Given meter "main" has run at 500.4 kW for 15 minutes from 18:30 on 2026-01-14
      And everything else in January 2026 runs at <kw> kW
      When the bill of January 2026 is shared among its measurements
      Then of "capacity", <capacity> in all, these fifteen minutes carry:
        | day        | at    | amount  |
        | 2026-01-14 | 18:30 | <share> |
        | 2026-01-20 | 20:00 | <other> |
        | 2026-01-20 | 03:00 | <night> |

      Examples: The peak decides
        | kw  | capacity   | share     | other  | night |
        | 300 | 196,492.20 | 79,004.42 | 313.30 | 0.00  |

      Examples: The cap binds, and every kWh carries the same
        | kw | capacity  | share  | other | night |
        | 96 | 66,281.80 | 115.93 | 22.24 | 22.24 |
