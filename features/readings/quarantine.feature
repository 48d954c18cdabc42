@readings
Feature: Readings that cannot be priced
  To lose neither a reading nor a night's sleep over one wrong meter
  As the operator of the metering system
  I want what cannot be priced set aside with its reason, and everything beside it priced

  Background:
    Given the tariff "mx-gdmth:golfo-centro" with 1,200 kW contracted
    And the plant "Tampico"

  Rule: A reading of a meter that nobody registered waits in quarantine, and its neighbours are priced

    Scenario: One poll brings three meters, and one of them is unknown
      When one poll at 10:05 on 2026-01-07 brings:
        | meter  | kWh |
        | main   | 100 |
        | line 9 | 30  |
        | line 1 | 20  |
      Then the energy of meter "main" on 2026-01-07 costs 149.86
      And the energy of meter "line 1" on 2026-01-07 costs 29.972
      And nothing is charged to meter "line 9" on 2026-01-07
      And one reading waits in quarantine because "meter 'line 9' is not commissioned at Tampico"
      And it says "register it, then replay its readings"

    Scenario: A whole device is unknown
      When an unknown device "box 7" sends 30 kWh of its meter "press" at 10:00 on 2026-01-07
      Then nothing is charged to meter "press" on 2026-01-07
      And one reading waits in quarantine because "device 'box 7' is not registered"
      And it says "register its supply point, then replay its uploads"

    Scenario: The unknown device is registered later
      Given an unknown device "box 7" has sent 30 kWh of its meter "press" at 10:00 on 2026-01-07
      When "box 7" with its meter "press" is registered and the quarantine is replayed
      Then the energy of meter "press" on 2026-01-07 costs 44.958

  Rule: A meter that is registered while its plant is at work counts at once

    Scenario: Its readings of the day that had begun are charged
      Given meter "main" has measured 100 kWh at 10:00 on 2026-01-07
      And meter "line 9" has been registered
      When meter "line 9" measures 30 kWh at 10:00 on 2026-01-07
      Then the energy of meter "line 9" on 2026-01-07 costs 44.958
      And the energy of meter "main" on 2026-01-07 costs 149.86
      And nothing waits in quarantine

    Scenario: Its readings of the next day are charged
      Given meter "main" has measured 100 kWh at 10:00 on 2026-01-07
      And meter "line 9" has been registered
      When meter "line 9" measures 30 kWh at 10:00 on 2026-01-08
      Then the energy of meter "line 9" on 2026-01-08 costs 44.958

  Rule: A reading that contradicts the clock waits in quarantine

    Scenario: A reading older than the one before it
      When meter "main" shows 5,000 kWh at 10:05 on 2026-01-07, then 5,060 kWh at 10:00 on 2026-01-07
      Then nothing is charged to meter "main" on 2026-01-07
      And one reading waits in quarantine because "is not later than the one at"
      And it says "send each reading with the one before it"

    Scenario: A reading between two polls
      When meter "main" shows 5,000 kWh at 10:00 on 2026-01-07, then 5,060 kWh at 10:03 on 2026-01-07
      Then nothing is charged to meter "main" on 2026-01-07
      And one reading waits in quarantine because "is not on the 0:05:00 grid"
      And it says "stamp it with the instant of its poll"

  Rule: What was damaged on its way waits in quarantine, and what follows is priced

    Scenario: One damaged message between two good ones
      Given meter "main" has measured 100 kWh at 10:00 on 2026-01-07
      And a message with 100 kWh of meter "main" at 10:05 on 2026-01-07 was damaged on its way
      When meter "main" measures 100 kWh at 10:10 on 2026-01-07
      Then the energy of meter "main" on 2026-01-07 costs 299.72
      And one reading waits in quarantine because "was damaged on its way: its checksum differs"
