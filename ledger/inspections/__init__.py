"""Public inspection of a closed period: its books opened for thirty working days, with what is
personal withheld and yet proved; what people ask about them and object to, and what they are told.
"""
