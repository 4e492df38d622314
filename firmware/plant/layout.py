"""The demo plant as data: which controller watches which stations, and where their water goes."""

# (group = area, node, ((station, type), …))
CONTROLLERS = (
    ("alloy", "ctl-caster-1", (("caster-1", "strip_caster"),)),
    ("powder", "ctl-powder-1", (("hd-1", "hydrogen_decrepitation"), ("mill-1", "jet_mill"))),
    (
        "pressing",
        "ctl-press-1",
        (
            ("press-1", "align_press"),
            ("press-2", "align_press"),
            ("cip-1", "cold_isostatic_press"),
        ),
    ),
    (
        "sintering",
        "ctl-sinter-1",
        (("sinter-1", "sinter_furnace"), ("sinter-2", "sinter_furnace")),
    ),
    (
        "sintering",
        "ctl-ageing-1",
        (("ageing-1", "ageing_furnace"), ("hip-1", "hot_isostatic_press")),
    ),
    (
        "machining",
        "ctl-machining-1",
        (("slicer-1", "slicer"), ("grinder-1", "grinder"), ("tumbler-1", "tumbler")),
    ),
    (
        "gbd",
        "ctl-gbd-1",
        (("gbd-coater-1", "gbd_sputter_coater"), ("gbd-furnace-1", "gbd_diffusion_furnace")),
    ),
    ("coating", "ctl-phosphate-1", (("phosphate-1", "phosphating_line"),)),
    (
        "coating",
        "ctl-plating-1",
        (("plating-1", "electroplating_line"), ("plating-2", "electroplating_line")),
    ),
    ("coating", "ctl-coating-1", (("ecoat-1", "ecoat_line"), ("pvd-1", "pvd_coater"))),
    (
        "magnetizing",
        "ctl-magnet-1",
        (("magnetizer-1", "magnetizer"), ("flux-1", "flux_gauge")),
    ),
    (
        "effluent",
        "ctl-water-1",
        (
            ("stream-nickel", "effluent_stream"),
            ("stream-metals", "effluent_stream"),
            ("stream-phosphate", "effluent_stream"),
            ("stream-oily", "effluent_stream"),
            ("treatment-1", "effluent_treatment"),
            ("outlet-workshop", "workshop_outlet"),
            ("outlet-plant", "plant_outlet"),
        ),
    ),
)

# Which rinses run into which stream: stream → ((line, type, rinse), …). A stream that is not
# named here collects the nickel rinse of a plating line called <stream>-line.
STREAMS = {
    "stream-nickel": (
        ("plating-1", "electroplating_line", "ni_rinse"),
        ("plating-2", "electroplating_line", "ni_rinse"),
    ),
    "stream-metals": (
        ("plating-1", "electroplating_line", "cu_rinse"),
        ("plating-2", "electroplating_line", "cu_rinse"),
        ("plating-1", "electroplating_line", "zn_rinse"),
        ("plating-2", "electroplating_line", "zn_rinse"),
    ),
    "stream-phosphate": (
        ("phosphate-1", "phosphating_line", "pickle_rinse"),
        ("phosphate-1", "phosphating_line", "phosphate_rinse"),
        ("phosphate-1", "phosphating_line", "di_rinse"),
    ),
    "stream-oily": (
        ("phosphate-1", "phosphating_line", "degrease_rinse"),
        ("ecoat-1", "ecoat_line", "di_rinse"),
        ("tumbler-1", "tumbler", "process_water"),
    ),
}

# The nickel stream is treated on its own up to the workshop outlet; the others meet it again
# before the plant outlet.
NICKEL_STREAMS = ("stream-nickel",)
TREATMENT = "treatment-1"
