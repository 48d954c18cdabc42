@bills
Feature: Taxes and surcharges
  To know what each tax is a percentage of
  As the accountant of a factory
  I want taxes worked out on the rounded lines, in the order of the law

  Rule: In Mexico VAT is 16 % of everything before it, bonus and surcharge included

    Scenario: Metered behind the customer's own transformer, 2 % more
      Given the tariff "mx-gdmth:2018" with 200 kW contracted
      And these figures of December 2018:
        | period       | kWh    | highest kW |
        | base         | 21,721 | 151        |
        | intermediate | 41,881 | 196        |
        | peak         | 1,533  | 32         |
      And 12,019 kVArh of reactive energy
      And the meter sits on the low-voltage side
      When the bill is made
      Then the bill has among its lines, which come to 144,822.46:
        | line                            | amount    |
        | Metered on the low-voltage side | 2,500.49  |
        | Power factor                    | -2,678.02 |
        | VAT                             | 19,975.51 |

  Rule: In Spain VAT is 21 % of everything before it, the electricity tax included

    Scenario Outline: <p1>, <p2> and <p6> kWh with <contracted> kW contracted: electricity tax <tax>
      Given the tariff "es-6.1td" with <contracted> kW contracted
      And these figures of January 2025:
        | period | kWh  | highest kW |
        | P1     | <p1> | 400        |
        | P2     | <p2> | 400        |
        | P6     | <p6> | 400        |
      And 0 kVArh of reactive energy
      When the bill is made
      Then the line "Electricity tax" explains "<how>"
      And the bill has among its lines, which come to <total>:
        | line            | amount |
        | Electricity tax | <tax>  |
        | VAT             | <vat>  |

      Examples: A percentage of the money
        | contracted | p1     | p2     | p6     | tax    | how                     | vat      | total    |
        | 500        | 40,000 | 30,000 | 60,000 | 261.23 | 5,109.39 x 5.11269632 % | 1,127.83 | 6,498.45 |

      Examples: At least 0.50 for each MWh
        | contracted | p1 | p2 | p6      | tax   | how                  | vat   | total  |
        | 50         | 0  | 0  | 100,000 | 50.00 | at least 0.5 per MWh | 92.93 | 535.44 |

    Scenario: Contracted power that nobody declared
      Given the tariff "es-6.1td"
      And these figures of January 2025:
        | period | kWh    | highest kW |
        | P6     | 10,000 | 100        |
      When someone tries to make the bill
      Then it is refused because "needs the contracted power of period 'P1', which was not given"
