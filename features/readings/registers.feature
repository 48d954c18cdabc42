@readings
Feature: From a meter's register to energy
  To pay for the energy that flowed, whatever the register shows
  As the energy manager of a factory
  I want a counter that starts again, is replaced or jumps to be told apart

  Background:
    Given the tariff "mx-gdmth:golfo-centro" with 1,200 kW contracted
    And the plant "Tampico"
    And its meters can carry 1,500 kW and count to 999,999.999 kWh

  Rule: A register that passes its last digit goes on from zero, and the energy is measured across the turn

    Scenario Outline: From <before> to <after> kWh are <energy> kWh
      When meter "main" shows <before> kWh at 10:00 on 2026-01-07, then <after> kWh at 10:05 on 2026-01-07
      Then the number of measurements of meter "main" on 2026-01-07 is 1
      And meter "main" has measured <energy> kWh at 10:00 on 2026-01-07, not estimated
      And the energy of meter "main" on 2026-01-07 costs <cost>

      Examples: No turn and one turn
        | before      | after       | energy  | cost   |
        | 500,000.000 | 500,100.000 | 100.000 | 149.86 |
        | 999,950.000 | 50.000      | 100.000 | 149.86 |

      Examples: On the border of the last digit
        | before      | after       | energy | cost      |
        | 999,999.998 | 999,999.999 | 0.001  | 0.0014986 |
        | 999,999.999 | 0.000       | 0.001  | 0.0014986 |
        | 999,999.999 | 0.001       | 0.002  | 0.0029972 |

  Rule: A register that falls without a possible turn was reset: no energy is invented

    Scenario: The meter is replaced and starts at 12 kWh
      When meter "main" shows 523,100 kWh at 10:00 on 2026-01-07, then 12 kWh at 10:05 on 2026-01-07
      Then nothing is charged to meter "main" on 2026-01-07
      And the ledger shows a gap of meter "main" from 10:00 to 10:05 on 2026-01-07, a "reset"

    Scenario: The next reading counts from the new beginning
      Given meter "main" showed 523,100 kWh at 10:00 on 2026-01-07, then 12 kWh at 10:05 on 2026-01-07
      When meter "main" shows 12 kWh at 10:05 on 2026-01-07, then 112 kWh at 10:10 on 2026-01-07
      Then the energy of meter "main" on 2026-01-07 costs 149.86

    Scenario: It trembles: seven watt-hours less than before
      When meter "main" shows 523,100.000 kWh at 10:00 on 2026-01-07, then 523,099.993 kWh at 10:05 on 2026-01-07
      Then nothing is charged to meter "main" on 2026-01-07
      And the ledger shows a gap of meter "main" from 10:00 to 10:05 on 2026-01-07, a "reset"

    Scenario: It shows zero once, then its count again: neither a negative nor a spike
      Given meter "main" showed 523,100 kWh at 10:00 on 2026-01-07, then 0 kWh at 10:05 on 2026-01-07
      When meter "main" shows 0 kWh at 10:05 on 2026-01-07, then 523,110 kWh at 10:10 on 2026-01-07
      Then nothing is charged to meter "main" on 2026-01-07
      And one reading waits in quarantine because "it rose by more than it can carry"

  Rule: A rise beyond 120 % of what the meter can carry is an impossible jump: no energy is invented

    Scenario: A flipped digit adds 100,000 kWh
      When meter "main" shows 523,100 kWh at 10:00 on 2026-01-07, then 623,110 kWh at 10:05 on 2026-01-07
      Then nothing is charged to meter "main" on 2026-01-07
      And the ledger shows a gap of meter "main" from 10:00 to 10:05 on 2026-01-07, a "jump"

    Scenario Outline: A rise of <rise> kWh in <minutes> minutes leaves <count> measurements
      When meter "main" shows 5,000 kWh at 10:00 on 2026-01-07, then <after> kWh at <at> on 2026-01-07
      Then the number of measurements of meter "main" on 2026-01-07 is <count>
      And the energy of meter "main" on 2026-01-07 costs <cost>

      Examples: On the border of the possible
        | rise    | minutes | after     | at    | count | cost   |
        | 150.000 | 5       | 5,150.000 | 10:05 | 1     | 224.79 |
        | 150.001 | 5       | 5,150.001 | 10:05 | 0     | 0.00   |
        | 300.000 | 10      | 5,300.000 | 10:10 | 2     | 449.58 |
        | 300.001 | 10      | 5,300.001 | 10:10 | 0     | 0.00   |

    Scenario: After a turn, too, only a possible rise is believed
      When meter "main" shows 999,950.000 kWh at 10:00 on 2026-01-07, then 100.001 kWh at 10:05 on 2026-01-07
      Then nothing is charged to meter "main" on 2026-01-07
      And the ledger shows a gap of meter "main" from 10:00 to 10:05 on 2026-01-07, a "reset"

  Rule: The first reading of a meter is where counting begins

    Scenario: A new meter is read for the first time
      When meter "main" is read for the first time, 5,000 kWh at 10:00 on 2026-01-07
      Then nothing is charged to meter "main" on 2026-01-07
      And nothing waits in quarantine
