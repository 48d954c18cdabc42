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

  Rule: A peak that was estimated says so, and a correction of it makes it a measurement

    Scenario: The quarter of an hour of the peak lies in an hour without readings
      Given meter "main" showed 5,000 kWh at 18:00 on 2026-01-14, then 5,500 kWh at 19:00 on 2026-01-14
      And everything else in January 2026 runs at 300 kW
      When the bill of January 2026 is shared among its measurements
      Then the highest quarter of an hour of "Capacity" is 500 kW, estimated

    Scenario: Somebody read the load profile of the meter
      Given meter "main" showed 5,000 kWh at 18:30 on 2026-01-14, then 5,100 kWh at 18:40 on 2026-01-14
      And "Ana Ruiz" has corrected meter "main" at 18:30 on 2026-01-14 to 40 kWh because "load profile"
      And "Ana Ruiz" has corrected meter "main" at 18:35 on 2026-01-14 to 60 kWh because "load profile"
      And everything else in January 2026 runs at 300 kW
      When the bill of January 2026 is shared among its measurements
      Then the highest quarter of an hour of "Capacity" is 500 kW, not estimated

    Scenario: A month with every reading
      Given meter "main" has run at 500 kW for 15 minutes from 18:30 on 2026-01-14
      And everything else in January 2026 runs at 300 kW
      When the bill of January 2026 is shared among its measurements
      Then the highest quarter of an hour of "Capacity" is 500 kW, not estimated

  Rule: No energy costs no energy

    Scenario: A meter that stands still
      When meter "main" measures 0 kWh in every five minutes of 2026-01-07
      Then the number of measurements of meter "main" on 2026-01-07 is 288
      And the energy of meter "main" on 2026-01-07 costs 0.00
