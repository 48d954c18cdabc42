@bills
Feature: The cap on billed demand
  To know whether shaving the peak would save anything
  As the energy manager of a factory
  I want the bill to say when the month's energy, not its peak, decides the power charges

  Rule: No more kW are billed than the month's energy makes at a load factor of 57 %

    Scenario Outline: The published bill of December 2018: <line> bills <kw> kW
      Given the tariff "mx-gdmth:2018" with 200 kW contracted
      And these figures of December 2018:
        | period       | kWh    | highest kW |
        | base         | 21,721 | 151        |
        | intermediate | 41,881 | 196        |
        | peak         | 1,533  | 32         |
      And 12,019 kVArh of reactive energy
      When the bill is made
      Then the line "<line>" bills <kw> kW at <rate>, which is <amount>
      And the line "<line>" <says>

      Examples: One line is capped, the other is not
        | line         | kw  | rate   | amount    | says                                                            |
        | Distribution | 154 | 139.09 | 21,419.86 | warns: The cap binds: this month the charge acts as 0.3280 MXN |
        | Capacity     | 32  | 341.69 | 10,934.08 | warns: nothing                                                |

    Scenario Outline: <kwh> kWh in January 2026 with a peak of <peak> kW: <billed> kW are billed
      Given the tariff "mx-gdmth:golfo-centro" with 200 kW contracted
      And these figures of January 2026:
        | period       | kWh   | highest kW |
        | intermediate | <kwh> | <peak>     |
      And 0 kVArh of reactive energy
      When the bill is made
      Then the line "Distribution" bills <billed> kW at 124.41, which is <cost>

      Examples: Far from the cap
        | kwh    | peak | billed | cost      |
        | 60,000 | 100  | 100    | 12,441.00 |
        | 20,000 | 100  | 48     | 5,971.68  |

      Examples: On the border where the cap begins to bind
        | kwh        | peak | billed | cost      |
        | 41,983.920 | 100  | 99     | 12,316.59 |
        | 41,983.921 | 100  | 100    | 12,441.00 |
        | 42,408.000 | 100  | 100    | 12,441.00 |
        | 42,408.001 | 100  | 100    | 12,441.00 |
        | 42,408.000 | 101  | 100    | 12,441.00 |
        | 42,408.001 | 101  | 101    | 12,565.41 |

    Scenario Outline: A month of <days> days, <kwh> kWh with a peak of 101 kW: <billed> kW are billed
      Given the tariff "mx-gdmth:peninsular" with 200 kW contracted and 520.00 for "supplier_fixed"
      And these figures of <month>:
        | period       | kWh   | highest kW |
        | intermediate | <kwh> | 101        |
      And 0 kVArh of reactive energy
      When the bill is made
      Then the line "Distribution" bills <billed> kW at <rate>, which is <cost>

      Examples: On the border where the cap ceases to bind
        | days | month         | kwh        | billed | rate  | cost     |
        | 30   | November 2025 | 41,040.000 | 100    | 94.61 | 9,461.00 |
        | 30   | November 2025 | 41,040.001 | 101    | 94.61 | 9,555.61 |
        | 28   | February 2026 | 38,304.000 | 100    | 91.87 | 9,187.00 |
        | 28   | February 2026 | 38,304.001 | 101    | 91.87 | 9,278.87 |

  Rule: The bill warns only where the cap makes a difference

    Scenario Outline: A peak of <peak> kW with room for 100 kW
      Given the tariff "mx-gdmth:golfo-centro" with 200 kW contracted
      And these figures of January 2026:
        | period       | kWh    | highest kW |
        | intermediate | 42,408 | <peak>     |
      And 0 kVArh of reactive energy
      When the bill is made
      Then the line "Distribution" <says>

      Examples: On the border
        | peak | says                                                                   |
        | 99   | warns: nothing                                                       |
        | 100  | warns: nothing                                                       |
        | 101  | warns: base hours included, and a lower peak alone would save nothing |
