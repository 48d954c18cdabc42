@ledger
Feature: A reading that was wrong
  To put a wrong reading right without hiding that it was wrong
  As the controller of a factory
  I want a correction to say who made it and why, and the old cost to be taken back in the open

  Background:
    Given the tariff "mx-gdmth:golfo-centro" with 1,200 kW contracted
    And the plant "Tampico"

  Rule: The old cost is taken back, the new cost is added, and both stay to be seen

    Scenario Outline: 100 kWh at <at> become <kwh> kWh
      Given meter "main" has measured 100 kWh at <at> on 2026-01-07
      When "Ana Ruiz" corrects meter "main" at <at> on 2026-01-07 to <kwh> kWh because "transformer wired backwards"
      Then <old> of energy is taken back and <new> is charged for meter "main" at <at> on 2026-01-07
      And the energy of meter "main" on 2026-01-07 costs <new>

      Examples: Less, more and nothing
        | at    | kwh | old    | new    |
        | 10:00 | 60  | 149.86 | 89.916 |
        | 19:00 | 140 | 176.75 | 247.45 |
        | 03:00 | 0   | 80.66  | 0.00   |

    Scenario: The ledger says who and why
      Given meter "main" has measured 100 kWh at 10:00 on 2026-01-07
      When "Ana Ruiz" corrects meter "main" at 10:00 on 2026-01-07 to 60 kWh because "transformer wired backwards"
      Then the ledger says that "Ana Ruiz" corrected 100 kWh to 60 kWh because "transformer wired backwards"

    Scenario: A correction is corrected
      Given meter "main" has measured 100 kWh at 10:00 on 2026-01-07
      And "Ana Ruiz" has corrected meter "main" at 10:00 on 2026-01-07 to 60 kWh because "transformer wired backwards"
      When "Luis Vega" corrects meter "main" at 10:00 on 2026-01-07 to 80 kWh because "ratio is 80 to 5"
      Then the energy of meter "main" on 2026-01-07 costs 119.888
      And the ledger says that "Luis Vega" corrected 60 kWh to 80 kWh because "ratio is 80 to 5"
      And the ledger says that "Ana Ruiz" corrected 100 kWh to 60 kWh because "transformer wired backwards"

  Rule: A corrected peak is billed as corrected

    Scenario: The highest demand of the month was a mistake
      Given meter "main" has measured 50 kWh at 18:30 on 2026-01-14
      And everything else in January 2026 runs at 300 kW
      And "Ana Ruiz" has corrected meter "main" at 18:30 on 2026-01-14 to 5 kWh because "counted twice"
      When January 2026 is closed
      Then the line "Capacity" bills 300 kW at 392.20, which is 117,660.00
      And the line "Capacity" says the peak began at 18:00 on 2026-01-02

  Rule: Only what was recorded can be corrected

    Scenario Outline: Someone tries to correct meter <meter> at <at> on <day>
      Given meter "main" has measured 100 kWh at 10:00 on 2026-01-07
      When "Ana Ruiz" tries to correct meter "<meter>" at <at> on <day> to 60 kWh because "wrong meter"
      Then it is refused because "<reason>"
      And the energy of meter "main" on 2026-01-07 costs 149.86

      Examples: Another interval, another meter, an unknown meter, another day
        | meter  | day        | at    | reason                                               |
        | main   | 2026-01-07 | 10:05 | meter main: nothing was recorded at                  |
        | line 1 | 2026-01-07 | 10:00 | meter line 1: nothing was recorded at                |
        | line 9 | 2026-01-07 | 10:00 | meter 'line 9' is not commissioned                   |
        | main   | 2026-01-08 | 10:00 | Tampico 2026-01-08: nothing was recorded on this day |

  Rule: A correction says who and why, and an energy that can be

    Scenario Outline: <who> tries to correct 100 kWh to <kwh> kWh because <why>
      Given meter "main" has measured 100 kWh at 10:00 on 2026-01-07
      When <who> tries to correct meter "main" at 10:00 on 2026-01-07 to <kwh> kWh because <why>
      Then it is refused because "<reason>"
      And the energy of meter "main" on 2026-01-07 costs 149.86

      Examples: No name, no reason, less than nothing
        | who        | kwh    | why             | reason                            |
        | " "        | 60     | "counted twice" | does not say who corrects and why |
        | "Ana Ruiz" | 60     | " "             | does not say who corrects and why |
        | "Ana Ruiz" | -0.001 | "counted twice" | imported energy is 0 or more      |
