"""Files of published prices, as an energy exchange gives them: CSV or Parquet, a price for each 15 or 60 minutes."""

from adapters.price_files.reading import read_price_series

__all__ = ["read_price_series"]
