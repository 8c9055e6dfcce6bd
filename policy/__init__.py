"""政策: the law. Facts in, findings and amounts out. Pure Python: no Django, no clock, no network, no database."""
