@tariffs
Feature: Days of 23 and of 25 hours
  To be billed for the hours that really passed
  As the energy manager of a factory
  I want periods to follow the clock on the wall, and days to have the hours they have

  Rule: The day the clock goes forward has 276 five-minute measurements, the day it goes back has 300

    Scenario Outline: <day> in Spain has <count> measurements
      Given the tariff "es-6.1td" with 500 kW contracted
      And the plant "Zaragoza"
      When meter "main" measures 10 kWh in every five minutes of <day>
      Then the number of measurements of meter "main" on <day> is <count>
      And the energy of meter "main" on <day> costs <cost>

      Examples: A Sunday of 24 hours
        | day        | count | cost    |
        | 2025-03-23 | 288   | 4.15584 |

      Examples: The Sundays of the clock change
        | day        | count | cost    |
        | 2025-03-30 | 276   | 3.98268 |
        | 2025-10-26 | 300   | 4.329   |

  Rule: The hour that the clock shows twice is charged twice, once for each time it passes

    Scenario: Half past two comes twice on 26 October 2025
      Given the tariff "es-6.1td" with 500 kW contracted
      And the plant "Zaragoza"
      When meter "main" measures 100 kWh each time the clock shows 02:30 on 2025-10-26
      Then the number of measurements of meter "main" on 2025-10-26 is 2
      And the energy of meter "main" on 2025-10-26 costs 0.2886

  Rule: Before and after the change a period starts at the same time on the wall

    Scenario Outline: 100 kWh at <at> on <weekday> <day> cost <cost>
      Given the tariff "es-6.1td" with 500 kW contracted
      And the plant "Zaragoza"
      When meter "main" measures 100 kWh at <at> on <day>
      Then the energy of meter "main" at <at> on <day> costs <cost> in period "<period>"

      Examples: All six periods
        | weekday   | day        | at    | period | cost   |
        | Wednesday | 2025-01-15 | 10:00 | P1     | 4.4778 |
        | Wednesday | 2025-01-15 | 16:00 | P2     | 2.4986 |
        | Wednesday | 2025-06-11 | 10:00 | P3     | 1.1795 |
        | Wednesday | 2025-06-11 | 16:00 | P4     | 0.6274 |
        | Wednesday | 2025-04-09 | 16:00 | P5     | 0.2388 |
        | Wednesday | 2025-01-15 | 03:00 | P6     | 0.1443 |

      Examples: On the borders around both changes
        | weekday | day        | at    | period | cost   |
        | Friday  | 2025-03-28 | 08:55 | P3     | 1.1795 |
        | Friday  | 2025-03-28 | 09:00 | P2     | 2.4986 |
        | Sunday  | 2025-03-30 | 01:55 | P6     | 0.1443 |
        | Sunday  | 2025-03-30 | 03:00 | P6     | 0.1443 |
        | Sunday  | 2025-03-30 | 23:55 | P6     | 0.1443 |
        | Monday  | 2025-03-31 | 08:55 | P3     | 1.1795 |
        | Monday  | 2025-03-31 | 09:00 | P2     | 2.4986 |
        | Friday  | 2025-10-24 | 08:55 | P5     | 0.2388 |
        | Friday  | 2025-10-24 | 09:00 | P4     | 0.6274 |
        | Monday  | 2025-10-27 | 08:55 | P5     | 0.2388 |
        | Monday  | 2025-10-27 | 09:00 | P4     | 0.6274 |

  Rule: Mexico gave up summer time in 2022, and its tariff kept its summer

    Scenario Outline: The Sunday <day> has <count> measurements, and the season changes
      Given the rates of "mx-gdmth:2018" held for ever, with 1,200 kW contracted
      And the plant "Tampico"
      When meter "main" measures 1 kWh in every five minutes of <day>
      Then the number of measurements of meter "main" on <day> is <count>
      And the energy of meter "main" on <day> costs <cost>

      Examples: The last year with summer time
        | day        | count | cost     |
        | 2022-04-03 | 276   | 251.502  |
        | 2022-10-30 | 300   | 278.3088 |

      Examples: A year without
        | day        | count | cost     |
        | 2026-04-05 | 288   | 260.538  |
        | 2026-10-25 | 288   | 269.2728 |

    Scenario Outline: 100 kWh at <at> on the Sunday <day> cost <cost>
      Given the rates of "mx-gdmth:2018" held for ever, with 1,200 kW contracted
      And the plant "Tampico"
      When meter "main" measures 100 kWh at <at> on <day>
      Then the energy of meter "main" at <at> on <day> costs <cost> in period "<period>"

      Examples: On the border between two periods, on the days the clock changed
        | day        | at    | period       | cost   |
        | 2022-04-03 | 18:55 | base         | 75.30  |
        | 2022-04-03 | 19:00 | intermediate | 148.09 |
        | 2022-10-30 | 17:55 | base         | 75.30  |
        | 2022-10-30 | 18:00 | intermediate | 148.09 |

      Examples: On the border between two periods, on the same Sundays without summer time
        | day        | at    | period       | cost   |
        | 2026-04-05 | 18:55 | base         | 75.30  |
        | 2026-04-05 | 19:00 | intermediate | 148.09 |
        | 2026-10-25 | 17:55 | base         | 75.30  |
        | 2026-10-25 | 18:00 | intermediate | 148.09 |
