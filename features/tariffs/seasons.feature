@tariffs
Feature: Seasons of a tariff
  To plan the shifts of spring and autumn by what they will cost
  As the production planner of a factory
  I want each tariff to change its hours on the day its own season begins

  Rule: In Mexico summer begins on the first Sunday of April and winter on the last Sunday of October

    Scenario Outline: At <at> on <weekday> <day> it is <season>, so <period>
      Given the tariff "mx-gdmth:golfo-centro"
      When someone asks for the period at <at> on <day>
      Then the period is "<period>"

      Examples: A working day in each season
        | season | weekday   | day        | at    | period       |
        | winter | Wednesday | 2026-01-07 | 19:00 | peak         |
        | summer | Wednesday | 2026-07-08 | 19:00 | intermediate |
        | summer | Wednesday | 2026-07-08 | 20:00 | peak         |
        | winter | Wednesday | 2026-12-02 | 19:00 | peak         |

      Examples: On the border between two seasons
        | season | weekday  | day        | at    | period       |
        | winter | Saturday | 2026-04-04 | 20:30 | peak         |
        | summer | Sunday   | 2026-04-05 | 18:30 | base         |
        | summer | Monday   | 2026-04-06 | 18:30 | intermediate |
        | summer | Sunday   | 2026-10-18 | 18:30 | base         |
        | summer | Saturday | 2026-10-24 | 20:30 | intermediate |
        | winter | Sunday   | 2026-10-25 | 18:30 | intermediate |
        | winter | Monday   | 2026-10-26 | 18:30 | peak         |
        | winter | Thursday | 2026-12-31 | 18:30 | peak         |
        | winter | Friday   | 2027-01-08 | 18:30 | peak         |

  Rule: In California summer begins on 1 May, and a summer noon costs half as much again

    Scenario Outline: 100 kWh at <at> on <day> cost <cost>
      Given the tariff "us-pge-e20-primary-2018" with 1,200 kW contracted
      And the plant "Fresno"
      When meter "main" measures 100 kWh at <at> on <day>
      Then the energy of meter "main" at <at> on <day> costs <cost> in period "<period>"

      Examples: A working day in each season
        | day        | at    | period           | cost   |
        | 2018-03-14 | 12:00 | winter-part-peak | 10.163 |
        | 2018-07-11 | 12:00 | summer-peak      | 15.199 |

      Examples: On the border between two seasons
        | day        | at    | period           | cost   |
        | 2018-04-30 | 12:00 | winter-part-peak | 10.163 |
        | 2018-04-30 | 23:55 | winter-off-peak  | 8.684  |
        | 2018-05-01 | 00:00 | summer-off-peak  | 8.012  |
        | 2018-05-01 | 12:00 | summer-peak      | 15.199 |

  Rule: In Spain the same hour of a working day has another period from season to season

    Scenario Outline: At <at> on <day> the period is <period>
      Given the tariff "es-6.1td"
      When someone asks for the period at <at> on <day>
      Then the period is "<period>"

      Examples: Ten in the morning
        | day        | at    | period |
        | 2025-01-15 | 10:00 | P1     |
        | 2025-03-12 | 10:00 | P2     |
        | 2025-06-11 | 10:00 | P3     |
        | 2025-04-09 | 10:00 | P4     |
        | 2025-07-09 | 10:00 | P1     |

      Examples: On the border between two seasons
        | day        | at    | period |
        | 2025-02-28 | 10:00 | P1     |
        | 2025-03-03 | 10:00 | P2     |
        | 2025-03-31 | 10:00 | P2     |
        | 2025-04-01 | 10:00 | P4     |
        | 2025-05-30 | 10:00 | P4     |
        | 2025-06-02 | 10:00 | P3     |
        | 2025-06-30 | 10:00 | P3     |
        | 2025-07-01 | 10:00 | P1     |
        | 2025-07-31 | 10:00 | P1     |
        | 2025-08-01 | 10:00 | P3     |
        | 2025-09-30 | 10:00 | P3     |
        | 2025-10-01 | 10:00 | P4     |
        | 2025-10-31 | 10:00 | P4     |
        | 2025-11-03 | 10:00 | P2     |
        | 2025-11-28 | 10:00 | P2     |
        | 2025-12-01 | 10:00 | P1     |
