@tariffs
Feature: Holidays of a tariff
  To pay the Sunday rate on the days that the law makes Sundays
  As the energy manager of a factory
  I want each tariff to know its own holidays, year by year

  Rule: In Mexico a statutory rest day is priced as a Sunday: no peak in the evening

    Scenario Outline: In Mexico <day>, <name>, is <period> at <at>
      Given the tariff "mx-gdmth:golfo-centro"
      When someone asks for the period at <at> on <day>
      Then the period is "<period>"

      Examples: Rest days of 2026
        | day        | name                            | at    | period       |
        | 2026-01-01 | New Year on a Thursday          | 19:30 | intermediate |
        | 2026-02-02 | the first Monday of February    | 19:30 | intermediate |
        | 2026-03-16 | the third Monday of March       | 19:30 | intermediate |
        | 2026-05-01 | Labour Day on a Friday          | 20:30 | intermediate |
        | 2026-09-16 | Independence Day on a Wednesday | 20:30 | intermediate |
        | 2026-11-16 | the third Monday of November    | 19:30 | intermediate |
        | 2026-12-25 | Christmas on a Friday           | 19:30 | intermediate |

      Examples: Days that people keep and the tariff does not
        | day        | name                             | at    | period |
        | 2026-02-05 | the old date of Constitution Day | 19:30 | peak   |
        | 2026-04-03 | Good Friday                      | 19:30 | peak   |
        | 2025-12-12 | the day of Guadalupe on a Friday | 19:30 | peak   |

      Examples: On the border between a working day and a holiday
        | day        | name                          | at    | period       |
        | 2025-12-31 | the last evening of the year  | 21:55 | peak         |
        | 2025-12-31 | the last minutes of the year  | 23:55 | intermediate |
        | 2026-01-01 | the first minutes of the year | 00:00 | base         |
        | 2026-01-01 | the forenoon of New Year      | 10:00 | base         |
        | 2026-01-02 | the forenoon after New Year   | 10:00 | intermediate |
        | 2026-02-09 | the second Monday of February | 19:30 | peak         |
        | 2026-03-09 | the second Monday of March    | 19:30 | peak         |
        | 2026-11-23 | the fourth Monday of November | 19:30 | peak         |

  Rule: The inauguration of a president is a rest day every six years: 1 December until 2018, 1 October since 2024

    Scenario Outline: In years around an inauguration <day>, <name>, is <period> at <at>
      Given the tariff "mx-gdmth:2018"
      When someone asks for the period at <at> on <day>
      Then the period is "<period>"

      Examples: Years of inauguration
        | day        | name       | at    | period       |
        | 2012-12-01 | a Saturday | 19:30 | intermediate |
        | 2018-12-01 | a Saturday | 19:30 | intermediate |
        | 2024-10-01 | a Tuesday  | 20:30 | intermediate |
        | 2030-10-01 | a Tuesday  | 20:30 | intermediate |

      Examples: On the border: the same date in another year, another date in the same year
        | day        | name                               | at    | period |
        | 2017-12-01 | a Friday the year before           | 19:30 | peak   |
        | 2018-12-08 | the Saturday after                 | 19:30 | peak   |
        | 2018-10-01 | a Monday before the change of law  | 20:30 | peak   |
        | 2023-12-01 | a Friday between two inaugurations | 19:30 | peak   |
        | 2025-10-01 | a Wednesday the year after         | 20:30 | peak   |
        | 2036-12-01 | a Monday, the date of the old law  | 19:30 | peak   |

  Rule: In Spain a national holiday is cheapest all day, and a movable one is not national

    Scenario Outline: In Spain <day>, <name>, is <period> at <at>
      Given the tariff "es-6.1td"
      When someone asks for the period at <at> on <day>
      Then the period is "<period>"

      Examples: Holidays of 2025
        | day        | name                              | at    | period |
        | 2025-01-01 | New Year on a Wednesday           | 10:00 | P6     |
        | 2025-01-06 | Epiphany on a Monday              | 10:00 | P6     |
        | 2025-05-01 | Labour Day on a Thursday          | 10:00 | P6     |
        | 2025-08-15 | Assumption on a Friday            | 10:00 | P6     |
        | 2025-12-08 | Immaculate Conception on a Monday | 10:00 | P6     |

      Examples: On the border between a holiday and a working day
        | day        | name                               | at    | period |
        | 2025-01-07 | the Tuesday after Epiphany         | 10:00 | P1     |
        | 2025-04-18 | Good Friday                        | 10:00 | P4     |
        | 2025-12-09 | the Tuesday after the long weekend | 08:00 | P2     |
