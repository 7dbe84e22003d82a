"""Card payments for electric-vehicle chargers: OCPP 1.6-J on one side, Stripe on the other."""
