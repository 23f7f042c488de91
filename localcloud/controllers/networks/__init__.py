"""VPCs as the engines are to have them, and who stands in them."""
