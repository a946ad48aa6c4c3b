"""A store with ten numbers."""

from traitlets import Int

from kaizen_widgets.stores import Store


class Many(Store):
    name = "many"
    k0 = Int(0)
    k1 = Int(0)
    k2 = Int(0)
    k3 = Int(0)
    k4 = Int(0)
    k5 = Int(0)
    k6 = Int(0)
    k7 = Int(0)
    k8 = Int(0)
    k9 = Int(0)
