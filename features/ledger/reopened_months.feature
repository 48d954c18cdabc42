@ledger
Feature: A closed month that changes all the same
  To pay what was really used, and to show an auditor how the bill became what it is
  As the accountant of a factory
  I want a closed month to change only by permission, in the open, with every earlier bill kept

  Background:
    Given the tariff "mx-gdmth:golfo-centro" with 1,200 kW contracted
    And the plant "Tampico"

  Rule: Who has the permission corrects a closed month, and it closes again into its next bill

    Scenario: 100 kWh become 60 kWh after the close
      Given meter "main" has measured 100 kWh at 10:00 on 2026-01-07
      And January 2026 has been closed
      When "Ana Ruiz", who may reopen months, corrects meter "main" at 10:00 on 2026-01-07 to 60 kWh because "counted twice"
      Then live cost and true-up add up to the bill
      And January 2026 has had 2 bills, which came to 864.97 then 787.43
      And the ledger says that January 2026 was reopened by "Ana Ruiz" because "counted twice"

    Scenario: The highest demand of the month was a mistake, found after the close
      Given meter "main" has measured 50 kWh at 18:30 on 2026-01-14
      And everything else in January 2026 runs at 300 kW
      And January 2026 has been closed
      When "Ana Ruiz", who may reopen months, corrects meter "main" at 18:30 on 2026-01-14 to 25 kWh because "counted twice"
      Then the line "Capacity" bills 300 kW at 392.20, which is 117,660.00
      And live cost and true-up add up to the bill

    Scenario: A correction of what was never measured reopens nothing
      Given meter "main" has measured 100 kWh at 10:00 on 2026-01-07
      And January 2026 has been closed
      When "Ana Ruiz" tries to correct meter "main" at 10:05 on 2026-01-07 to 60 kWh because "wrong meter"
      Then it is refused because "nothing was recorded at"
      And nothing of January 2026 was billed again

  Rule: A late reading of a closed month waits until somebody permits it

    Scenario: A late reading with permission
      Given meter "main" has measured 100 kWh at 10:00 on 2026-01-07
      And January 2026 has been closed
      When "Ana Ruiz", who may reopen months, records 40 kWh of meter "main" at 10:05 on 2026-01-07 because "line was down"
      Then the energy of meter "main" on 2026-01-07 costs 209.804
      And live cost and true-up add up to the bill
      And nothing waits in quarantine

    Scenario: It waited in quarantine first
      Given meter "main" has measured 100 kWh at 10:00 on 2026-01-07
      And January 2026 has been closed
      And meter "main" has measured 40 kWh at 10:05 on 2026-01-07
      When "Ana Ruiz", who may reopen months, replays the quarantine because "line was down"
      Then live cost and true-up add up to the bill
      And nothing waits in quarantine

    Scenario: Without permission a replay changes nothing
      Given meter "main" has measured 100 kWh at 10:00 on 2026-01-07
      And January 2026 has been closed
      And meter "main" has measured 40 kWh at 10:05 on 2026-01-07
      When the quarantine is replayed
      Then one reading waits in quarantine because "belongs to a closed month"
      And nothing of January 2026 was billed again

    Scenario: A late reading over the end of a closed month and the beginning of an open one
      Given 1.4986 for "energy.intermediate" has been published from 2026-02-01 on
      And January 2026 has been closed
      And meter "main" showed 5,000 kWh at 23:50 on 2026-01-31, then 5,040 kWh at 00:10 on 2026-02-01
      When "Ana Ruiz", who may reopen months, replays the quarantine because "line was down"
      Then the number of measurements of meter "main" on 2026-01-31 is 2
      And the number of measurements of meter "main" on 2026-02-01 is 2
