@tariffs
Feature: Energy cost by tariff period
  To know what each hour of production costs
  As the energy manager of a factory
  I want every measurement priced with the rate of its period

  Background:
    Given the tariff "mx-gdmth:golfo-centro" with 1,200 kW contracted
    And the plant "Tampico"

  Rule: A period starts at its first minute and ends just before its last

    Scenario Outline: 100 kWh at <at> on Wednesday <day> cost <cost>
      When meter "main" measures 100 kWh at <at> on <day>
      Then the energy of meter "main" at <at> on <day> costs <cost> in period "<period>"

      Examples: Inside a period
        | at    | day        | period       | cost   |
        | 03:00 | 2026-01-07 | base         | 80.66  |
        | 12:00 | 2026-01-07 | intermediate | 149.86 |
        | 20:00 | 2026-01-07 | peak         | 176.75 |
        | 23:00 | 2026-01-07 | intermediate | 149.86 |

      Examples: On the border between two periods
        | at    | day        | period       | cost   |
        | 00:00 | 2026-01-07 | base         | 80.66  |
        | 05:55 | 2026-01-07 | base         | 80.66  |
        | 06:00 | 2026-01-07 | intermediate | 149.86 |
        | 17:55 | 2026-01-07 | intermediate | 149.86 |
        | 18:00 | 2026-01-07 | peak         | 176.75 |
        | 21:55 | 2026-01-07 | peak         | 176.75 |
        | 22:00 | 2026-01-07 | intermediate | 149.86 |
        | 23:55 | 2026-01-07 | intermediate | 149.86 |

  Rule: Saturday has a shorter peak, and Sunday has none

    Scenario Outline: 100 kWh at <at> on <weekday> <day> cost <cost>
      When meter "main" measures 100 kWh at <at> on <day>
      Then the energy of meter "main" at <at> on <day> costs <cost> in period "<period>"

      Examples: The same hour on four days
        | weekday  | day        | at    | period       | cost   |
        | Friday   | 2026-01-09 | 18:30 | peak         | 176.75 |
        | Saturday | 2026-01-10 | 18:30 | intermediate | 149.86 |
        | Sunday   | 2026-01-11 | 18:30 | intermediate | 149.86 |
        | Monday   | 2026-01-12 | 18:30 | peak         | 176.75 |

      Examples: On the border between two periods
        | weekday  | day        | at    | period       | cost   |
        | Friday   | 2026-01-09 | 23:55 | intermediate | 149.86 |
        | Saturday | 2026-01-10 | 00:00 | base         | 80.66  |
        | Saturday | 2026-01-10 | 07:55 | base         | 80.66  |
        | Saturday | 2026-01-10 | 08:00 | intermediate | 149.86 |
        | Saturday | 2026-01-10 | 18:55 | intermediate | 149.86 |
        | Saturday | 2026-01-10 | 19:00 | peak         | 176.75 |
        | Saturday | 2026-01-10 | 20:55 | peak         | 176.75 |
        | Saturday | 2026-01-10 | 21:00 | intermediate | 149.86 |
        | Sunday   | 2026-01-11 | 17:55 | base         | 80.66  |
        | Sunday   | 2026-01-11 | 18:00 | intermediate | 149.86 |
        | Sunday   | 2026-01-11 | 23:55 | intermediate | 149.86 |
        | Monday   | 2026-01-12 | 00:00 | base         | 80.66  |
        | Monday   | 2026-01-12 | 06:00 | intermediate | 149.86 |

  Rule: No energy costs no energy

    Scenario: A line that stands still in the peak period
      When meter "main" measures 0 kWh at 19:00 on 2026-01-07
      Then the energy of meter "main" at 19:00 on 2026-01-07 costs 0.00 in period "peak"
