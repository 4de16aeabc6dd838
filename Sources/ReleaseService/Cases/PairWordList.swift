/// The words by which a pair is told from another: five hundred that are easily said and understood over the telephone.
/// None is a common first name or sounds like one, none names a substance, an illness or says anything of anybody; a
/// test holds the list.
enum PairWordList {
    static let words: [String] = text.split(whereSeparator: \.isWhitespace).map(String.init)

    private static let text = """
        abacus acorn acrobat airfield airplane airship alcove almanac alpaca alphabet anchor antler anvil
        apron aquarium aqueduct arcade archway armadillo armchair armrest arrow artichoke asparagus attic
        auditorium avocado awning backpack backyard bagel bakery balcony ballroom bamboo bandana bandstand
        banjo barbecue barometer basket bassoon bathrobe bathtub beacon beanstalk beaver bedroom bedspread
        beehive beetroot bicycle binder birdcage birdhouse blackboard blanket blender blossom blueprint
        boardwalk bobbin bobsled bonfire bookcase bookend bookmark bookshelf boulder boulevard bowtie
        bracelet bracket breakfast brickwork bridge briefcase buckle buckwheat bumblebee bungalow burlap
        butterfly cabbage cabinet caboose calculator calendar campfire canopy cantaloupe canvas canyon
        cardboard cardigan caribou carnival carousel carpet carriage cartwheel cascade castle catalog
        catamaran caterpillar cathedral cauliflower causeway cavern cedar ceiling ceramic chalkboard
        chandelier checkers chessboard chestnut chickadee chickpea chimney chopstick cinnamon circus
        clarinet clipboard clothesline clover coastline cobblestone coconut coliseum colonnade comet compass
        computer concrete corkboard cornbread corner cornfield cottage courtyard couscous crabapple cradle
        cranberry crocus crossroad crosswalk crossword cucumber cupboard cushion dashboard daybreak daylight
        dewdrop diagram dictionary dinosaur dolphin doorbell doorknob doormat dormouse doughnut dragonfly
        drawbridge drawer driftwood driveway drumstick duckling dustpan earmuff earthworm eclipse eggcup
        eggplant elevator emblem envelope escalator evergreen eyebrow fabric falcon fanfare farmhouse
        feather fieldstone fingertip firefly fireplace firewood fishbowl fishpond flagpole flagstone
        flamingo flannel flashlight flowerpot football footbridge footprint forklift fortress fountain
        freighter galaxy garlic gatepost gazebo gazelle geyser gingerbread giraffe glacier goalpost goldfish
        grandstand grapefruit gravel greenhouse groundhog guidebook guitar gymnasium hairbrush halibut
        hallway hammock hamster handball handbook handrail harmonica harpsichord harvest hayloft haystack
        hazelnut headlamp hedgehog hedgerow hexagon highway hillside homework honeycomb hopscotch horseshoe
        hourglass houseboat hummingbird hydrant iguana inkblot inkwell inlet jacket jaguar jellyfish jigsaw
        journal jukebox junction kaleidoscope kangaroo kayak kerchief keystone kingfisher kitchen knapsack
        kumquat lacework ladle ladybug lamppost landmark lantern lapel larkspur lattice leaflet ledger
        lentil library lifeboat limestone lizard locker locket locomotive longboat lumber lunchbox magnet
        mailbox mandolin mantel marble marmalade marmot mattress medal meteor microscope milkshake millstone
        minnow mirror mitten moonbeam mosaic motorboat mountain mulberry museum mustard napkin nectarine
        nest notebook nutshell oatmeal observatory ocean octagon octopus orange orchard orchestra origami
        outpost overcoat paddle padlock paintbrush pajamas palace palette panel parchment parlor parsnip
        passport pasture patchwork pavement pavilion peacock pebble pencil pendulum periscope pheasant
        phonograph picnic pigeon pillow pineapple pinecone pinwheel planet plank playground portrait
        postcard prism propeller puffin pyramid quiver racket radiator raft railroad rainbow raincoat
        raspberry reindeer reservoir rooftop rowboat ruler sailboat salmon sandal sandbox sandcastle
        sandstone sandwich sapling satchel saucer sawdust saxophone scarf scissors scooter scroll seesaw
        sheepdog sidewalk signpost skillet skyscraper snapdragon songbook spindle spiral spool spruce stable
        staircase starfish stencil stirrup stopwatch streetcar submarine subway suitcase sunbeam sunflower
        sunrise sunset surfboard sweater swing sycamore tablecloth tambourine tangerine tapestry teacup
        teapot telescope thimble thistle threshold thunder timber toaster toboggan toolbox toothbrush
        tortoise towel tractor trailer trampoline trapeze trellis triangle tricycle trombone trumpet tugboat
        turbine turquoise turtle typewriter ukulele valley varnish vase velvet veranda viaduct village
        violin waffle wagon walnut wardrobe warehouse washboard waterfall watermelon waterwheel weathervane
        wheelbarrow whistle windmill window windowsill woodpecker workbench wristwatch xylophone yogurt
        zebra zeppelin zigzag zucchini
        """
}
