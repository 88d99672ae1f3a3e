"""Pledges: collective promises with a threshold.

A **pledge** says what a group will do if enough neighbours join by a day. A **commitment** is one
neighbour's part in it, in pounds or in hours. What is promised stands in the books as a memo;
when the pledge is reached and its cooling-off is over it falls due; what is collected is held in
**escrow** until two people who are not the payee release it, and goes back when it must.
"""
