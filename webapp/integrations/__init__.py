"""The only code that speaks to other companies: one package per provider.

Clients take what they need in their constructors, know neither settings nor database nor Flask, try once, and translate
every failure into the errors of the port they serve. `create_app` wires them to the ports.
"""
