"""How values are written: dates, spans of time, money, places, numbers in words, in two languages.

Extraction finds them in contracts, a review reads them from what a person typed.
"""
