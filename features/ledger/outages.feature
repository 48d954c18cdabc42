@ledger
Feature: Hours without readings
  To pay for an outage of the readings what the plant really used
  As the energy manager of a factory
  I want the meter's own count to be charged over the hours without readings, in their own periods

  Background:
    Given the tariff "mx-gdmth:golfo-centro" with 1,200 kW contracted
    And the plant "Tampico"

  Rule: Energy that the meter counted is conserved, spread over the hours, and marked as estimated

    Scenario: Three hours without readings over the beginning of the peak
      When meter "main" shows 5,000 kWh at 16:30 on 2026-01-07, then 5,360 kWh at 19:30 on 2026-01-07
      Then the number of measurements of meter "main" on 2026-01-07 is 36
      And the energy of meter "main" at 17:55 on 2026-01-07 costs 14.986 in period "intermediate"
      And the energy of meter "main" at 18:00 on 2026-01-07 costs 17.675 in period "peak"
      And meter "main" has measured 10 kWh at 18:00 on 2026-01-07, estimated
      And the energy of meter "main" on 2026-01-07 costs 587.898

    Scenario: Three weeks without readings, over the end of a month
      Given 1.4986 for "energy.intermediate" has been published from 2026-02-01 on
      When meter "main" shows 0 kWh at 00:00 on 2026-01-22, then 6,048 kWh at 00:00 on 2026-02-12
      Then the number of measurements of meter "main" on 2026-01-31 is 288
      And meter "main" has measured 1 kWh at 23:55 on 2026-01-31, estimated
      And meter "main" has measured 1 kWh at 00:00 on 2026-02-01, estimated

  Rule: No energy costs no energy

    Scenario: A meter that stands still
      When meter "main" measures 0 kWh in every five minutes of 2026-01-07
      Then the number of measurements of meter "main" on 2026-01-07 is 288
      And the energy of meter "main" on 2026-01-07 costs 0.00
