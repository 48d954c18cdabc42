@readings
Feature: Readings missing between two others
  To pay for the energy of an hour without readings, and to know that it is an estimate
  As the energy manager of a factory
  I want energy that is known spread evenly over times that are not, and marked

  Background:
    Given the tariff "mx-gdmth:golfo-centro" with 1,200 kW contracted
    And the plant "Tampico"

  Rule: Energy between two readings is spread evenly over the intervals between them, and each is marked as estimated

    Scenario: Half an hour without readings
      When meter "main" shows 5,000 kWh at 10:00 on 2026-01-07, then 5,060 kWh at 10:30 on 2026-01-07
      Then the number of measurements of meter "main" on 2026-01-07 is 6
      And meter "main" has measured 10 kWh at 10:00 on 2026-01-07, estimated
      And meter "main" has measured 10 kWh at 10:25 on 2026-01-07, estimated
      And the energy of meter "main" on 2026-01-07 costs 89.916

    Scenario: Energy that does not divide evenly is neither lost nor invented
      When meter "main" shows 5,000 kWh at 10:00 on 2026-01-07, then 5,000.100 kWh at 10:15 on 2026-01-07
      Then meter "main" has measured 0.033 kWh at 10:00 on 2026-01-07, estimated
      And meter "main" has measured 0.033 kWh at 10:05 on 2026-01-07, estimated
      And meter "main" has measured 0.034 kWh at 10:10 on 2026-01-07, estimated
      And the energy of meter "main" on 2026-01-07 costs 0.14986

    Scenario Outline: Readings at <before> and at <after>: <quality>
      When meter "main" shows 5,000 kWh at <before> on 2026-01-07, then 5,060 kWh at <after> on 2026-01-07
      Then meter "main" has measured <energy> kWh at <before> on 2026-01-07, <quality>

      Examples: On the border: no reading missing, one reading missing
        | before | after | energy | quality       |
        | 10:00  | 10:05 | 60     | not estimated |
        | 10:00  | 10:10 | 30     | estimated     |

  Rule: Each part of a gap is priced in its own period, on its own day

    Scenario: A gap over the beginning of the peak
      When meter "main" shows 5,000 kWh at 17:45 on 2026-01-07, then 5,060 kWh at 18:15 on 2026-01-07
      Then the energy of meter "main" at 17:55 on 2026-01-07 costs 14.986 in period "intermediate"
      And the energy of meter "main" at 18:00 on 2026-01-07 costs 17.675 in period "peak"
      And the energy of meter "main" on 2026-01-07 costs 97.983

    Scenario: A gap over midnight
      When meter "main" shows 5,000 kWh at 23:50 on 2026-01-07, then 5,040 kWh at 00:10 on 2026-01-08
      Then the energy of meter "main" on 2026-01-07 costs 29.972
      And the energy of meter "main" on 2026-01-08 costs 16.132

  Rule: The bill counts what was measured, estimated and missing

    Scenario: One estimated hour and one interval that nobody knows
      Given meter "main" showed 5,000 kWh at 10:00 on 2026-01-07, then 5,300 kWh at 11:00 on 2026-01-07
      And meter "main" showed 5,300 kWh at 11:00 on 2026-01-07, then 0 kWh at 11:05 on 2026-01-07
      And everything else in January 2026 runs at 300 kW
      When January 2026 is closed
      Then the bill counts 8,928 intervals: 8,915 measured, 12 estimated, 1 missing
