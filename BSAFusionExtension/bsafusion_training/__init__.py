"""Makes the network that BSAFusion ships: its parts, its data, its training, its judgement, its export."""
