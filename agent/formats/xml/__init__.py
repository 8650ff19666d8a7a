"""XML signatures: parsing without surprises, canonical XML, the layouts of the national programs, signing, verifying."""
