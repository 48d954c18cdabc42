@ledger
Feature: Prices that come late
  To keep an old bill as it was paid, and to pay a changed price where it holds
  As the accountant of a factory
  I want new prices to move what they are for, and nothing else

  Background:
    Given the tariff "mx-gdmth:golfo-centro" with 1,200 kW contracted
    And the plant "Tampico"

  Rule: New prices leave the months before them alone

    Scenario: Prices from 1 February leave January as it was
      Given meter "main" has measured 100 kWh at 10:00 on 2026-01-07
      And January 2026 has been closed
      And 2.0000 for "energy.intermediate" has been published from 2026-05-01 on
      When "Ana Ruiz" bills January 2026 again because "new prices"
      Then the bill comes to 864.97
      And nothing of January 2026 was billed again

    Scenario: The first month of the new prices pays them
      Given meter "main" has measured 100 kWh at 10:00 on 2026-01-07
      And 2.0000 for "energy.intermediate" has been published from 2026-05-01 on
      When meter "main" measures 100 kWh at 10:00 on 2026-05-06
      Then the energy of meter "main" on 2026-05-06 costs 200.00
      And the energy of meter "main" on 2026-01-07 costs 149.86

  Rule: Changed prices of a closed month move only the lines they change, and the old bill stays

    Scenario: January's price is changed after January was closed
      Given meter "main" has measured 100 kWh at 10:00 on 2026-01-07
      And January 2026 has been closed
      And 2.0000 for "energy.intermediate" has been published from 2026-01-01 on
      When "Ana Ruiz" bills January 2026 again because "decree of 20 January"
      Then live cost and true-up add up to the bill
      And January 2026 has had 2 bills, which came to 864.97 then 922.37

    Scenario: Live costs of before stay what they were
      Given meter "main" has measured 100 kWh at 10:00 on 2026-01-07
      And January 2026 has been closed
      And 2.0000 for "energy.intermediate" has been published from 2026-01-01 on
      When "Ana Ruiz" bills January 2026 again because "decree of 20 January"
      Then the energy of meter "main" on 2026-01-07 costs 149.86

  Rule: A reading without a price waits, and is charged once there is one

    Scenario: A reading of May before anybody knows its prices
      When meter "main" measures 100 kWh at 10:00 on 2026-05-06
      Then nothing is charged to meter "main" on 2026-05-06
      And one reading waits in quarantine because "has no rates for 2026-05-01 to 2026-06-01"

    Scenario: The prices of May become known
      Given meter "main" has measured 100 kWh at 10:00 on 2026-05-06
      And 2.0000 for "energy.intermediate" has been published from 2026-05-01 on
      When the quarantine is replayed
      Then the energy of meter "main" on 2026-05-06 costs 200.00
      And nothing waits in quarantine
