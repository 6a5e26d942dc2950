"""What every table is registered with, and the migrations are compared to."""

from sqlalchemy import MetaData

metadata = MetaData()
