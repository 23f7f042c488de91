"""Words for pet names: short, kind, easy to say."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ADVERBS = _words(
    """
    barely boldly calmly clearly daily deeply dearly duly early easily evenly fairly firmly fondly freely freshly fully gently
    gladly greatly happily highly humbly jointly justly keenly kindly largely lately lightly likely loudly lively mainly
    mildly mostly neatly newly nicely nightly oddly openly partly plainly promptly purely quickly quietly rarely readily
    really richly safely shortly simply slowly smoothly softly solely soundly steadily surely swiftly tidily tightly truly
    warmly weekly wholly widely wisely yearly
    """
)
ADJECTIVES = _words(
    """
    able agile airy alert amber ample apt balmy bold brave bright brisk calm candid cheery civil clean clear clever cosy crisp
    curious daring deft eager early easy elegant equal fair famed fancy fast fine firm fluent fond frank free fresh gentle
    glad golden good grand great green handy happy hardy honest humble ideal jolly just keen kind large learned light lively
    loyal lucid lucky mellow merry mighty mild modest neat nimble noble novel open patient playful polite prime proud pure
    quick quiet rapid rare ready robust rosy sage sharp shiny silent silver simple sleek smart smooth snug social solid sound
    spry steady stoic strong sunny sure swift tender thrifty tidy true trusty upbeat vast vital vivid warm wise witty young
    zesty
    """
)
NAMES = _words(
    """
    alpaca ant antelope badger bass bat bear beaver bee beetle bird bison boar bonobo buck buffalo bunny camel caribou carp
    cat cheetah chipmunk clam cod colt condor cougar crab crane cricket crow cub deer dingo dodo dog dolphin donkey dove
    dragonfly duck eagle eel egret elk emu falcon fawn ferret finch firefly fish flamingo foal fox frog gannet gazelle gecko
    gibbon giraffe gnu goat goose gopher grouse gull hamster hare hawk hedgehog hen heron hippo horse ibex ibis iguana impala
    jackal jaguar jay kingfisher kite kiwi koala koi ladybird lamb lark lemming lemur leopard lion lizard llama lobster lynx
    macaw magpie mallard mammoth manatee mantis marlin marmot marten meerkat minnow mole mongoose moose moth mouse mule newt
    ocelot octopus okapi opossum oriole orca ostrich otter owl ox oyster panda panther parrot partridge peacock pelican
    penguin perch pheasant pigeon pika pony porcupine possum puffin puma python quail rabbit raccoon ram raven ray reindeer
    robin rooster salmon seal shark sheep shrew shrimp skylark sloth snail sparrow spaniel squid squirrel stag starling stork
    sturgeon swallow swan tapir termite tern terrapin thrush tiger toad tortoise toucan trout tuna turkey turtle urchin viper
    vole wallaby walrus wasp weasel whale wolf wombat woodcock wren yak zebra
    """
)
