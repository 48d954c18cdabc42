@ledger
Feature: A reading that never comes
  To know what is missing instead of being shown a zero
  As the energy manager of a factory
  I want a gap to cost nothing, and to be shown as a gap

  Background:
    Given the tariff "mx-gdmth:golfo-centro" with 1,200 kW contracted
    And the plant "Tampico"

  Rule: A gap costs nothing and is shown with its reason

    Scenario: The meter was replaced, and five minutes are lost
      Given meter "main" has measured 100 kWh at 09:55 on 2026-01-07
      When meter "main" shows 523,100 kWh at 10:00 on 2026-01-07, then 0 kWh at 10:05 on 2026-01-07
      Then the number of measurements of meter "main" on 2026-01-07 is 1
      And the energy of meter "main" on 2026-01-07 costs 149.86
      And the ledger shows a gap of meter "main" from 10:00 to 10:05 on 2026-01-07, a "reset"

    Scenario: A gap over midnight is shown on both days
      When meter "main" shows 523,100 kWh at 23:50 on 2026-01-07, then 0 kWh at 00:05 on 2026-01-08
      Then the ledger shows a gap of meter "main" from 23:50 to 24:00 on 2026-01-07, a "reset"
      And the ledger shows a gap of meter "main" from 00:00 to 00:05 on 2026-01-08, a "reset"

    Scenario: The same gap told twice is shown once
      Given meter "main" showed 523,100 kWh at 10:00 on 2026-01-07, then 0 kWh at 10:05 on 2026-01-07
      When everything sent so far comes again until it has come 2 times
      Then the ledger shows a gap of meter "main" from 10:00 to 10:05 on 2026-01-07, a "reset"

  Rule: The bill says how much of the month is missing

    Scenario: Two days of a month without a reading, and a new meter after them
      Given meter "main" showed 523,100 kWh at 00:00 on 2026-01-30, then 0 kWh at 00:00 on 2026-02-01
      And everything else in January 2026 runs at 300 kW
      When January 2026 is closed
      Then the bill counts 8,928 intervals: 8,352 measured, 0 estimated, 576 missing

    Scenario: A month with every reading
      Given everything else in January 2026 runs at 300 kW
      When January 2026 is closed
      Then the bill counts 8,928 intervals: 8,928 measured, 0 estimated, 0 missing
