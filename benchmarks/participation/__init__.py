"""What participation policies earn and cost, simulated: real policies, real rule of awards, no training."""
